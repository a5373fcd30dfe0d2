"""Paths: one network for each strength of the prior, many of them trained as one."""

from ._lambda_path import lambda_path
from ._path_record import LambdaPath
from ._stability import StabilityPath, stability_selection

__all__ = ["LambdaPath", "StabilityPath", "lambda_path", "stability_selection"]
