"""Measures what a network still does with features that are ruled out, or have a sign.

What is permuted is a sample of the training rows, so that the cost does not grow with
their number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

import numpy as np
import torch
from torch import Tensor, nn

from ... import targets
from ...attributions import Gradients
from ...inspection.evaluation import attributions_of, scores_of
from ...inspection.feature_names import numbered
from ...training.rows import Rows
from ...utils.networks import encodes_columns
from .record import Obedience
from .ruled_out import annotated_rows, features_ruled_out

__all__ = ["Measurement"]

# Largest sample, in rows and in values.
MOST_ROWS, MOST_VALUES = 2000, 2**24
MOST_LINES = 100  # of more features only their joint effect is measured
# A small sample is permuted several times, until about so many rows are permuted.
ENOUGH_ROWS, MOST_REPEATS = 4000, 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Measurement:
    """A network at training rows, and what must not matter to it there.

    Parameters
    ----------
    module : nn.Module
    rows : Rows
        Training rows, with annotations if there are any.
    is_classifier : bool
    has_labels : bool
        Whether the decisions of a classifier are labels that may occur together.
    signs : tuple of int
        A sign for each feature, or empty.
    seed : int
        Seed of the sample and of the permutations.
    are_columns : bool, default=False
        See :func:`features_ruled_out`.
    """

    module: nn.Module
    rows: Rows
    is_classifier: bool
    has_labels: bool
    signs: tuple[int, ...]
    seed: int
    are_columns: bool = False

    def record(
        self,
        importances: np.ndarray,
        names: Sequence[str] | None,
        columns: Mapping[str, Sequence[int]],
        tolerated: float | None,
    ) -> Obedience:
        """Permute each feature that is ruled out, and all of them together.

        Parameters
        ----------
        importances : ndarray of shape (n_features,)
        names, columns
            See :func:`features_ruled_out`.
        tolerated : float or None
        """
        kind = self.are_columns, encodes_columns(self.module)
        ruled_out = features_ruled_out(self.rows, names, columns, *kind)
        if names is None:
            names = numbered(self.rows.feature_shape).ravel()
        covered = {k for each in ruled_out for k in each.positions}
        signed = [k for k, sign in enumerate(self.signs) if sign and k not in covered]
        positions = [each.positions for each in ruled_out]
        positions += [np.array([k]) for k in signed]
        is_few = len(ruled_out) <= MOST_LINES
        repeats = max(1, self._repeats // max(1, len(ruled_out)))
        effects = [
            self.effect_of(each.positions, repeats) for each in ruled_out if is_few
        ]
        change, changed = np.full((2, len(positions)), np.nan)
        change[: len(effects)] = [each for each, _ in effects]
        changed[: len(effects)] = [each for _, each in effects]
        joint_change, joint_changed = self.joint_effect
        return Obedience(
            feature_names=(
                *(each.name for each in ruled_out),
                *(str(names[k]) for k in signed),
            ),
            positions=tuple(positions),
            ruled_out=np.arange(len(positions)) < len(ruled_out),
            change=change,
            changed_decisions=changed if self.is_classifier else None,
            importance=np.array([importances[each].sum() for each in positions]),
            wrong_signs=np.array([self._wrong_at(each) for each in positions]),
            joint_change=joint_change,
            joint_changed_decisions=joint_changed if self.is_classifier else None,
            n_rows=len(self._sample),
            tolerated=tolerated,
        )

    @cached_property
    def joint_effect(self) -> tuple[float, float]:
        """Effect of all features that are ruled out, permuted together."""
        return self.effect_of(None, self._repeats)

    @property
    def joint_change_in_deviations(self) -> float:
        """The joint change in standard deviations of the decision."""
        change, _ = self.joint_effect
        return _ratio(change, self._deviations.max()) if self.is_classifier else change

    @cached_property
    def wrong_signs(self) -> np.ndarray:
        """Share of rows at which each gradient has the wrong sign, (n_features,).

        It is NaN for features without a sign.
        """
        wrong = np.full(prod(self.rows.feature_shape), np.nan)
        signs = np.array(self.signs, dtype=int)
        signed = np.flatnonzero(signs)
        if len(signed):
            batch = self._taken(self._sampled(np.arange(len(self.rows))))
            rows = self._as_rows(batch[0])
            phi = attributions_of(self.module, rows, Gradients(), self._decision)
            phi = phi.reshape(len(phi), len(wrong), -1)[:, signed]
            is_wrong = (phi * signs[signed, None] < 0).mean(axis=2)
            is_missing = batch[0].flatten(1)[:, signed].isnan().cpu().numpy()
            is_wrong = np.where(is_missing, 0.0, is_wrong)  # It has no slope.
            wrong[signed] = np.average(is_wrong, axis=0, weights=_weight_of(batch))
        return wrong

    def _wrong_at(self, positions: np.ndarray) -> float:
        known = self.wrong_signs[positions]
        return np.nan if np.isnan(known).all() else float(np.nanmax(known))

    # The sample ----------------------------------------------------------------------

    @cached_property
    def _sample(self) -> np.ndarray:
        """Indices of the rows, annotated ones if there are any."""
        at = annotated_rows(self.rows)
        return self._sampled(at if len(at) else np.arange(len(self.rows)))

    def _sampled(self, at: np.ndarray) -> np.ndarray:
        """A random part of row indices, if there are too many."""
        most = max(1, min(MOST_ROWS, MOST_VALUES // prod(self.rows.feature_shape)))
        if len(at) <= most:
            return at
        rng = np.random.default_rng([self.seed, 0])
        return np.sort(rng.choice(at, most, replace=False))

    @cached_property
    def _batch(self):
        return self._taken(self._sample)

    @property
    def _x(self) -> Tensor:
        return self._batch[0]

    @property
    def _weight(self) -> np.ndarray | None:
        return _weight_of(self._batch)

    @cached_property
    def _annotated(self) -> Tensor:
        """Which values of the sample are ruled out, of the shape of x."""
        annotations = self._batch.extras.get("annotations")
        if annotations is None:
            return torch.zeros_like(self._x, dtype=torch.bool)
        return annotations != 0

    def _taken(self, index: np.ndarray):
        return self.rows[torch.from_numpy(index).to(self.rows.device)]

    # Permutations --------------------------------------------------------------------

    @property
    def _repeats(self) -> int:
        return min(MOST_REPEATS, ceil(ENOUGH_ROWS / len(self._sample)))

    def effect_of(
        self, positions: np.ndarray | None, repeats: int
    ) -> tuple[float, float]:
        """What it does to the decision to exchange values for those of other rows.

        Parameters
        ----------
        positions : ndarray of int or None
            Columns whose annotated values are exchanged; ``None`` for all.
        repeats : int
            Number of permutations.

        Returns
        -------
        change : float
            Average size of the change over the rows with such values; for a regressor
            in standard deviations over training rows. NaN if there are no such rows.
        changed_decisions : float
            Share of these rows whose predicted class, or any of whose labels, changes;
            NaN for a regressor.
        """
        exchanged = self._annotated
        if positions is not None:
            chosen = torch.zeros(exchanged[0].numel(), dtype=torch.bool)
            chosen[torch.from_numpy(positions)] = True
            exchanged = exchanged & chosen.reshape(exchanged.shape[1:]).to(
                exchanged.device
            )
        concerned = exchanged.flatten(1).any(dim=1).cpu().numpy()
        if not concerned.any():
            return np.nan, np.nan
        rng = np.random.default_rng([self.seed, 1])
        n, m = len(self.rows), len(self._sample)
        changes, flips = [], []
        for _ in range(repeats):
            donors, _ = self._taken(rng.permutation(n)[:m])
            scores = self._scores_at(torch.where(exchanged, donors, self._x))
            changes.append(self._sizes(scores - self._scores))
            flips.append(self._flips(scores))
        weight = None if self._weight is None else self._weight[concerned]
        change, flip = (
            float(np.average(np.mean(each, axis=0)[concerned], weights=weight))
            for each in (changes, flips)
        )
        return change, flip if self.is_classifier else np.nan

    def _sizes(self, differences: np.ndarray) -> np.ndarray:
        """Sizes of the changes of each row, from changes of shape (n, m)."""
        sizes = np.abs(differences)
        if not self.is_classifier:
            return _ratio(sizes, self._deviations).mean(axis=1)
        if self.has_labels:
            return sizes.mean(axis=1)
        predicted = _classes(self._scores) if sizes.shape[1] > 1 else 0
        return sizes[np.arange(len(sizes)), predicted]

    def _flips(self, scores: np.ndarray) -> np.ndarray:
        """Whether scores of shape (n, m) mean another decision than those of the rows.

        The decision of a row is its class, or all of its labels.
        """
        if self.has_labels:
            return ((scores > 0) != (self._scores > 0)).any(axis=1)
        return _classes(scores) != _classes(self._scores)

    @property
    def _decision(self):
        of_classes = self.is_classifier and not self.has_labels
        return targets.log_odds if of_classes else targets.output

    @cached_property
    def _scores(self) -> np.ndarray:
        return self._scores_at(self._x)

    @cached_property
    def _deviations(self) -> np.ndarray:
        """Standard deviation of each score over training rows, annotated or not."""
        batch = self._taken(self._sampled(np.arange(len(self.rows))))
        scores, weight = self._scores_at(batch[0]), _weight_of(batch)
        squares = (scores - np.average(scores, axis=0, weights=weight)) ** 2
        return np.sqrt(np.average(squares, axis=0, weights=weight))

    def _scores_at(self, x: Tensor) -> np.ndarray:
        """Log-odds or predictions in float64, of shape (n, m)."""
        scores = scores_of(self.module, self._as_rows(x), self._decision)
        return scores.reshape(len(x), -1).astype(np.float64)

    def _as_rows(self, x: Tensor) -> Rows:
        form = {"feature_shape": self.rows.feature_shape, "dtype": self.rows.dtype}
        return Rows(x.numpy(force=True), **form, device=self.rows.device)


def _weight_of(batch) -> np.ndarray | None:
    weight = batch.extras.get("sample_weight")
    return None if weight is None else weight.cpu().numpy()


def _classes(scores: np.ndarray) -> np.ndarray:
    """The predicted classes, from log-odds of shape (n, m)."""
    return scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0


def _ratio(size, deviation):
    """``size / deviation``, and 0 where nothing changes however small the deviation."""
    tiny = np.finfo(np.float64).tiny
    return size / np.maximum(deviation, tiny)
