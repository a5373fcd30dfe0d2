"""How sparse explanations are, and whether they name the features a model relies on.

A metric is a function of arrays: of attributions phi of shape ``(n, d)`` or of
importances of shape ``(d,)``, and where it must ask the model, of a callable from rows
to outputs. It knows no estimator and no network, so that it can judge the attributions
of any package. The wing imports nothing of the package; ``paths`` counts effective
features with it.
"""

from ._ablation import AblationCurve, ablation_curve, ablation_scores
from ._effects import Effects, columns_that_count, effective_columns, effects
from ._sparsity import effective_features, gini_index

__all__ = [
    "AblationCurve",
    "Effects",
    "ablation_curve",
    "ablation_scores",
    "columns_that_count",
    "effective_columns",
    "effective_features",
    "effects",
    "gini_index",
]
