"""Scikit-learn-compatible networks whose explanations are part of the training."""

from . import metrics as metrics
from . import sensitivity as sensitivity
from .attribution_prior import AttributionPriorClassifier, AttributionPriorRegressor
from .explanation import Explanation
from .find_another_explanation import FindAnotherExplanation
from .gradient_lasso import GradientLassoClassifier, GradientLassoRegressor
from .ngsll import NGSLLClassifier, NGSLLRegressor
from .right_reasons import RRRClassifier, RRRRegressor
from .selection import SensitivitySelector
from .token_sequencer import TokenSequencer

__all__ = [
    "AttributionPriorClassifier",
    "AttributionPriorRegressor",
    "Explanation",
    "FindAnotherExplanation",
    "GradientLassoClassifier",
    "GradientLassoRegressor",
    "NGSLLClassifier",
    "NGSLLRegressor",
    "RRRClassifier",
    "RRRRegressor",
    "SensitivitySelector",
    "TokenSequencer",
]

__version__ = "0.1.0"
