"""Scikit-learn-compatible networks whose explanations are part of the training."""

from . import metrics as metrics
from . import sensitivity as sensitivity
from .estimators.attribution_prior import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
)
from .estimators.find_another_explanation import FindAnotherExplanation
from .estimators.from_mlp import from_mlp
from .estimators.gradient_lasso import GradientLassoClassifier, GradientLassoRegressor
from .estimators.gradient_lasso_cv import (
    GradientLassoClassifierCV,
    GradientLassoRegressorCV,
)
from .estimators.ngsll.estimators import NGSLLClassifier, NGSLLRegressor
from .estimators.ngsll.token_sequencer import TokenSequencer
from .estimators.right_reasons import RRRClassifier, RRRRegressor
from .explanation import Explanation
from .inspection.annotations_for import annotations_for, monotonic_cst_for
from .paths import lambda_path, stability_selection
from .sensitivity import SensitivitySelector
from .utils.obedience_warning import ObedienceWarning

__all__ = [
    "AttributionPriorClassifier",
    "AttributionPriorRegressor",
    "Explanation",
    "FindAnotherExplanation",
    "GradientLassoClassifier",
    "GradientLassoClassifierCV",
    "GradientLassoRegressor",
    "GradientLassoRegressorCV",
    "NGSLLClassifier",
    "NGSLLRegressor",
    "ObedienceWarning",
    "RRRClassifier",
    "RRRRegressor",
    "SensitivitySelector",
    "TokenSequencer",
    "annotations_for",
    "from_mlp",
    "lambda_path",
    "monotonic_cst_for",
    "stability_selection",
]

__version__ = "0.1.0"
