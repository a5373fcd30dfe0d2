"""Regression: standardised targets, and their units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.metrics import r2_score

from ... import targets
from ...inspection.linear_score import LinearScore
from ...objective import average, poisson_deviance, squared_error
from ...utils.tensors import in_double
from .task import Task

__all__ = ["PoissonRegression", "Regression"]


@dataclass(frozen=True, eq=False)
class Regression(Task):
    """A task in which the output is the targets in standardised units.

    Predictions are in float64 whatever the precision of the network is: with a mean of
    a million standard deviations float32 would round away what tells rows apart.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_outputs,)
        Mean and standard deviation of the training targets, in units of y; 0 and 1 if
        y is not standardised.
    n_axes : int
        Number of axes of y: 1 for (n,), or 2 for (n, n_outputs).
    """

    mean: np.ndarray
    scale: np.ndarray
    n_axes: int = 2

    is_classifier = False
    loss = staticmethod(squared_error)
    out_activation = "identity"
    default_target = "output"
    target_names = targets.OF_REGRESSORS

    @classmethod
    def of(
        cls, y: np.ndarray, sample_weight: np.ndarray | None, normalize: bool
    ) -> Regression:
        """Learn mean and standard deviation from targets of shape (n, n_outputs).

        Without ``normalize`` they are 0 and 1.

        Raises
        ------
        ValueError
            If they are too large to be standardised.
        """
        with np.errstate(over="ignore"):
            mean = np.average(y, axis=0, weights=sample_weight)
            away = y - mean
            # Squares of tiny numbers would be 0; a power of 2 rounds nothing.
            power = np.minimum(np.frexp(np.abs(away).max(axis=0))[1], 0)
            squares = np.ldexp(away, -power) ** 2
            scale = np.sqrt(np.average(squares, axis=0, weights=sample_weight))
            scale = np.ldexp(scale, power)
        if not np.isfinite(scale).all():
            raise ValueError("y has values too large to be standardised; rescale y.")
        if not normalize:
            return cls(np.zeros_like(mean), np.ones_like(scale))
        constant = scale <= 10 * np.finfo(float).eps * np.abs(mean)
        return cls(mean, np.where(constant, 1.0, scale))

    @property
    def n_outputs(self) -> int:
        return len(self.mean)

    @property
    def n_scores(self) -> int:
        return len(self.mean)

    def encode(self, y, sample_weight):
        return (y - self.mean) / self.scale, sample_weight

    def decoded(self, y):
        return self._in_shape_of_y(y * self.scale + self.mean)

    def predicted(self, output):
        with np.errstate(over="ignore"):
            in_units = output.astype(np.float64) * self.scale + self.mean
            return self._in_shape_of_y(in_units)

    def _in_shape_of_y(self, values):
        return values[:, 0] if self.n_axes == 1 else values

    def labels_to_stratify_by(self, y):
        return None

    def constant_output(self, y, sample_weight):
        return average(y, None if sample_weight is None else sample_weight[:, None])

    def validation_score(self, output, y, sample_weight):
        weight = None if sample_weight is None else sample_weight.cpu().numpy()
        y, output = y.cpu().numpy(), output.cpu().numpy()
        return float(r2_score(y, output, sample_weight=weight))

    def head(self, network, n_scores=None):
        return network

    def in_units(self, target):
        def in_units(output, y):
            output = in_double(output)
            like = {"dtype": output.dtype, "device": output.device}
            scale, mean = (torch.tensor(v, **like) for v in (self.scale, self.mean))
            return target(output * scale + mean, y)

        return in_units

    def decision_target(self):
        return targets.output

    def single_target(self):
        if self.n_outputs > 1:
            raise ValueError(
                "target='predicted' is one scalar per row, but there are "
                f"{self.n_outputs} outputs; use ClassK(k) for output k, or the "
                "default for all."
            )
        return targets.output

    def importance_target(self):
        return targets.output

    def linear_score(self, n_raw):
        return LinearScore(np.diag(self.scale), self.mean, "prediction", "units of y")


@dataclass(frozen=True, eq=False)
class PoissonRegression(Regression):
    """A task in which the output is the logarithm of the expected targets.

    Parameters
    ----------
    mean : ndarray of shape (n_outputs,)
        Zeros: a logarithm has the origin of y.
    scale : ndarray of shape (n_outputs,)
        Mean of the training targets, in which they are expressed; 1 if they are not.
    """

    loss = staticmethod(poisson_deviance)
    out_activation = "exp"

    @classmethod
    def of(cls, y, sample_weight, normalize):
        with np.errstate(over="ignore"):
            mean = np.average(y, axis=0, weights=sample_weight)
        if not np.isfinite(mean).all():
            raise ValueError("y has values too large for their mean; rescale y.")
        scale = np.where(mean > 0, mean, 1.0) if normalize else np.ones_like(mean)
        return cls(np.zeros_like(mean), scale)

    def encode(self, y, sample_weight):
        if (y < 0).any():
            raise ValueError(
                f"loss='poisson' needs y that is not negative, got {y.min()}."
            )
        return super().encode(y, sample_weight)

    def constant_output(self, y, sample_weight):
        mean = super().constant_output(y, sample_weight)
        return mean.clamp(min=torch.finfo(y.dtype).tiny).log()

    def validation_score(self, output, y, sample_weight):
        return super().validation_score(output.exp(), y, sample_weight)

    def predicted(self, output):
        with np.errstate(over="ignore"):
            return super().predicted(np.exp(output.astype(np.float64)))

    def in_units(self, target):
        in_units = super().in_units(target)
        return lambda output, y: in_units(in_double(output).exp(), y)

    def linear_score(self, n_raw):
        shift, unit = np.log(self.scale), "logarithms of y"
        return LinearScore(np.eye(n_raw), shift, "logarithm of the prediction", unit)
