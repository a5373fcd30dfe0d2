"""Scikit-learn-compatible networks whose explanations are part of the training."""

from . import metrics as metrics
from . import sensitivity as sensitivity
from .attribution_prior import AttributionPriorClassifier, AttributionPriorRegressor
from .explanation import Explanation
from .find_another_explanation import FindAnotherExplanation
from .gradient_lasso import GradientLassoClassifier, GradientLassoRegressor
from .gradient_lasso_cv import GradientLassoClassifierCV, GradientLassoRegressorCV
from .ngsll import NGSLLClassifier, NGSLLRegressor
from .path import lambda_path
from .right_reasons import RRRClassifier, RRRRegressor
from .selection import SensitivitySelector
from .stability import stability_selection
from .token_sequencer import TokenSequencer

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
    "RRRClassifier",
    "RRRRegressor",
    "SensitivitySelector",
    "TokenSequencer",
    "lambda_path",
    "stability_selection",
]

__version__ = "0.1.0"
