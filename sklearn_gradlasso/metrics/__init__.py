"""How sparse explanations are, and how much of the output they account for."""

from ._ablation import AblationCurve, ablation_curve, ablation_scores
from ._sparsity import effective_features, gini_index

__all__ = [
    "AblationCurve",
    "ablation_curve",
    "ablation_scores",
    "effective_features",
    "gini_index",
]
