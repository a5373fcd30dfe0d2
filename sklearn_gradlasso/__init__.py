"""Scikit-learn-compatible networks whose explanations are part of the training."""

from . import metrics as metrics
from .gradient_lasso import GradientLassoClassifier, GradientLassoRegressor

__all__ = ["GradientLassoClassifier", "GradientLassoRegressor"]

__version__ = "0.1.0"
