"""The record of what ruled-out features still do to the answers of a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils._optional_dependencies import check_pandas_support

from ...inspection.feature_names import headings

__all__ = ["Obedience"]

TOGETHER = "all ruled out"  # the line of all ruled-out features


@dataclass(frozen=True, eq=False, kw_only=True)
class Obedience:
    """How much a network obeys annotations and signs, on its training rows.

    A feature that annotations rule out is permuted: at the rows where it is annotated,
    its values are exchanged for those of other rows. The indicator columns of one
    variable are one feature here, and are permuted as one.

    Parameters
    ----------
    feature_names : tuple of str
        The features that annotations rule out, and after them those that only have a
        sign.
    positions : tuple of ndarray of int
        The columns at the estimator that each of them consists of.
    ruled_out : ndarray of bool of shape (n_lines,)
        Whether annotations rule the feature out, at some row at least.
    change : ndarray of shape (n_lines,)
        Average size of the change of the decision when the feature is permuted. The
        decision is the log-odds of two classes, the log-odds of the predicted class
        against the rest of several, the log-odds of each label of an indicator
        (averaged over labels), or the prediction of a regressor in standard deviations
        of its predictions on training rows (averaged over outputs). NaN for a feature
        that only has a sign, and for all if more than 100 features are ruled out.
    changed_decisions : ndarray of shape (n_lines,), or None
        Share of rows whose predicted class, or any of whose labels, changes with it;
        None for a regressor.
    importance : ndarray of shape (n_lines,)
        Share of ``feature_importances_``.
    wrong_signs : ndarray of shape (n_lines,)
        Share of rows at which the gradient of the decision has the wrong sign; NaN for
        a feature without a sign.
    joint_change : float
        As ``change``, with all features that are ruled out permuted together; NaN if
        none is.
    joint_changed_decisions : float or None
        As ``changed_decisions``, with all of them permuted together.
    n_rows : int
        Number of rows on which this was measured: at most 2,000 of those that have
        annotations, chosen at random.
    tolerated : float or None
        The parameter ``obedience``; None if nothing was asked.
    """

    feature_names: tuple[str, ...]
    positions: tuple[np.ndarray, ...]
    ruled_out: np.ndarray
    change: np.ndarray
    changed_decisions: np.ndarray | None
    importance: np.ndarray
    wrong_signs: np.ndarray
    joint_change: float
    joint_changed_decisions: float | None
    n_rows: int
    tolerated: float | None = None

    @property
    def violation(self) -> float:
        """The figure that ``obedience`` limits.

        The largest of the share of decisions that change (a regressor: the change in
        standard deviations) when all ruled-out features are permuted together, and the
        shares of wrong signs.
        """
        joint = self.joint_changed_decisions
        joint = self.joint_change if joint is None else joint
        known = [each for each in (joint, *self.wrong_signs) if not np.isnan(each)]
        return max(known, default=0.0)

    @property
    def reached(self) -> bool:
        """Whether ``violation`` is tolerated; True if nothing was asked."""
        return self.tolerated is None or self.violation <= self.tolerated

    def to_frame(self):
        """The record as a pandas.DataFrame with a row for each feature.

        The columns are change, changed_decisions (for classifiers), importance and
        wrong_signs. The last row, "all ruled out", is that of all ruled-out features
        together; it is absent if there are none.
        """
        pandas = check_pandas_support("Obedience.to_frame")

        columns = {
            "change": self.change,
            "changed_decisions": self.changed_decisions,
            "importance": self.importance,
            "wrong_signs": self.wrong_signs,
        }
        columns = {name: of for name, of in columns.items() if of is not None}
        names = headings(self.feature_names, [TOGETHER])
        frame = pandas.DataFrame(columns, index=names)
        if not self.ruled_out.any():
            return frame
        together = {
            "change": self.joint_change,
            "changed_decisions": self.joint_changed_decisions,
            "importance": self.importance[self.ruled_out].sum(),
            "wrong_signs": np.nan,
        }
        together = {name: [together[name]] for name in columns}
        last = pandas.DataFrame(together, index=[TOGETHER])
        return pandas.concat([frame, last])
