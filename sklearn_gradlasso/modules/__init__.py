"""Torch networks, and how an estimator's ``module`` parameter becomes one."""

from ._build import build_module, check_output, is_built_in
from ._convolutional import SentenceCNN, SmallCNN, WeightGenerator
from ._heads import LogOdds, LogProbabilities
from ._k_hot_gate import KHotGate
from ._mlp import ACTIVATIONS, MLP
from ._recurrent import RecurrentNet
from ._tabular import TabularNet

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "KHotGate",
    "LogOdds",
    "LogProbabilities",
    "RecurrentNet",
    "SentenceCNN",
    "SmallCNN",
    "TabularNet",
    "WeightGenerator",
    "build_module",
    "check_output",
    "is_built_in",
]
