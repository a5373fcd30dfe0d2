"""Features that are selected on most subsamples of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import indexable
from sklearn.utils._optional_dependencies import check_pandas_support
from sklearn.utils.validation import _num_samples

from ..inspection.feature_names import headings
from ..inspection.labels import has_several_columns
from ..training.rows import TrainingData
from ..utils.validation import check_count
from ._grid import finite_fits, fit_path, resolve_lams
from ._pipeline import opened
from ._supervision import Stop
from ._usage import Usage

__all__ = ["StabilityPath", "stability_selection"]

ENDS = 0.3, 3.0  # smallest and largest strength, relative to the balanced strength


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StabilityPath:
    """How often each feature was selected.

    Parameters
    ----------
    lams : ndarray of shape (n_lams,)
        The strengths.
    frequencies : ndarray of shape (n_lams, n_features) or (n_lams, n_columns)
        Fraction of the subsamples in which a feature was selected, from 0 to 1, or a
        column of a Pipeline or of ``groups``. Subsamples on which training diverged do
        not count.
    feature_names : ndarray of str of shape (n_features,) or (n_columns,)
    n_selected : float
        Number of columns that are selected on a subsample with at least one of the
        strengths; the mean over subsamples.
    n_columns : int
        Number of columns. The features that encode one column are one.
    """

    lams: np.ndarray
    frequencies: np.ndarray
    feature_names: np.ndarray
    n_selected: float = np.nan
    n_columns: int = 0

    @property
    def order(self) -> np.ndarray:
        """Positions of the features, the most often selected first.

        What counts is the largest frequency with one of the strengths; equal features
        are in the order of their mean frequency.
        """
        found = self.frequencies
        return np.lexsort([-found.mean(axis=0), -found.max(axis=0)])

    def __repr__(self) -> str:
        often = int(self.stable().sum())
        return (
            f"<StabilityPath: {often} of {len(self.feature_names)} columns are "
            f"selected in 60 % of subsamples with one of {len(self.lams)} strengths>"
        )

    def expected_false(self, threshold: float = 0.6) -> float:
        """Bound on the expected number of columns that are stable without a reason.

        Meinshausen and Bühlmann (2010, theorem 1): ``n_selected ** 2 / ((2 * threshold
        - 1) * n_columns)``, for subsamples of half of the rows, if all columns without
        an influence are equally likely to be selected, and no likelier than by chance.

        Parameters
        ----------
        threshold : float, default=0.6
            As in :meth:`stable`. There is no bound up to one half; it is then infinite.

        Returns
        -------
        float
        """
        _check_threshold(threshold)
        if threshold <= 0.5:
            return np.inf
        return float(self.n_selected**2 / ((2 * threshold - 1) * self.n_columns))

    def largest(self, expected_false: float = 1.0) -> np.ndarray:
        """The largest set of stable features with a bound on the number of false ones.

        Parameters
        ----------
        expected_false : float, default=1.0
            Largest value of the bound :meth:`expected_false`. The threshold is the
            smallest at which the bound is no larger; if there is none, no feature is
            in the set. Leave out weak strengths if the set is empty: few columns must
            be selected on a subsample, less than the root of ``expected_false *
            n_columns``.

        Returns
        -------
        ndarray of bool of shape (n_features,)

        Raises
        ------
        ValueError
            If ``expected_false`` is not positive.
        """
        if not isinstance(expected_false, Real) or not expected_false > 0:
            raise ValueError(
                f"expected_false must be positive, got {expected_false!r}."
            )
        least = (1 + self.n_selected**2 / (expected_false * self.n_columns)) / 2
        found = self.frequencies.max(axis=0)
        return (found >= least) & (found > 0.5)

    def stable(self, threshold: float = 0.6) -> np.ndarray:
        """The features that are selected on at least this fraction of the subsamples.

        Parameters
        ----------
        threshold : float, default=0.6
            The fraction, in (0, 1]. A feature is stable if it reaches this fraction
            with at least one of the strengths.

        Returns
        -------
        ndarray of bool of shape (n_features,)

        Raises
        ------
        ValueError
            If the threshold is not in (0, 1].
        """
        _check_threshold(threshold)
        return self.frequencies.max(axis=0) >= threshold

    def to_frame(self):
        """The frequencies as a pandas.DataFrame with a row for each strength.

        The columns are lam, and the frequency of each feature under its name; a
        feature "lam" is "feature lam".
        """
        pandas = check_pandas_support("StabilityPath.to_frame")

        names = headings(self.feature_names, ["lam"])
        frame = pandas.DataFrame(self.frequencies, columns=names)
        frame.insert(0, "lam", self.lams)
        return frame


def stability_selection(
    estimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lams: int | ArrayLike = 5,
    n_subsamples: int = 50,
    fraction: float = 0.5,
    cutoff: float = 0.1,
    sample_weight: ArrayLike | None = None,
    annotations: ArrayLike | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> StabilityPath:
    """Fit to random subsamples, and count on how many of them a feature is selected.

    The networks of all subsamples and strengths are trained as one, as in
    :func:`sklearn_gradlasso.lambda_path`. Effects become small without reaching zero. A
    column therefore counts as selected if the root mean square of its effects (how far
    the answer moves when the column gets the values of other rows) is at least
    ``cutoff`` times the largest such value on this subsample, over all columns and
    strengths. A network that a strong penalty has made flat selects nothing. The
    features that encode one column are selected together. For rows that are no table,
    and for more than 200 columns, gradients take the place of effects. The
    frequencies do not tell whether there is anything to learn,
    because a network also uses some features of pure noise; look at its scores for
    that. After a keyboard interrupt the frequencies are those of the subsamples that
    have been fitted by then, and a warning says how many networks these are.

    Parameters
    ----------
    estimator : estimator
        An estimator of this package with a parameter ``lam``, alone or as the last step
        of a Pipeline, whose transformers are fitted once, on X. It is not changed. Its
        ``random_state`` also draws the subsamples.
    X, y : array-like
        Training data, as in ``fit``.
    lams : int or array-like of shape (n_lams,), default=5
        The strengths, or their number. A number of strengths are evenly spaced in
        their logarithm from 0.3 to 3 times the strength at which loss and prior are
        equally large. A penalty that is too weak to make the gradients sparse selects
        all features.
    n_subsamples : int, default=50
        Number of subsamples, which are drawn without replacement. For a classifier
        they are stratified by class.
    fraction : float, default=0.5
        Fraction of the rows in a subsample, above 0 and below 1.
    cutoff : float, default=0.1
        Smallest effect of a selected column, as a fraction of the largest effect, in
        (0, 1].
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, as in ``fit``.
    annotations : array-like, default=None
        Annotations, as in ``fit``, for estimators that take them.
    groups : dict of str to list of str, default=None
        Names of columns that are taken as one: columns of X, which are followed through
        the transformers of a Pipeline, or features at the estimator. By default every
        column of X is one by itself. Without a Pipeline, neighbouring features that are
        one-hot are selected together.

    Returns
    -------
    StabilityPath
        The frequencies, in the order of ``lams``.

    Raises
    ------
    TypeError
        If the estimator has no ``lam``.
    ValueError
        If an argument is not as described.

    References
    ----------
    N. Meinshausen, P. Bühlmann (2010). Stability selection. Journal of the Royal
    Statistical Society, Series B, 72(4).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressor, stability_selection
    >>> X = np.random.default_rng(0).standard_normal((200, 6))
    >>> y = X[:, 0] * X[:, 1]
    >>> model = GradientLassoRegressor(random_state=0)
    >>> path = stability_selection(model, X, y, lams=[0.5], n_subsamples=6)
    >>> path.stable().tolist()
    [True, True, False, False, False, False]
    """
    check_count("n_subsamples", n_subsamples)
    if not isinstance(fraction, Real) or not 0 < fraction < 1:
        raise ValueError(f"fraction must be above 0 and below 1, got {fraction!r}.")
    if not isinstance(cutoff, Real) or not 0 < cutoff <= 1:
        raise ValueError(f"cutoff must be in (0, 1], got {cutoff!r}.")
    given = TrainingData(
        *indexable(X, y), sample_weight=sample_weight, annotations=annotations
    )
    found = opened(estimator, given, groups)
    estimator, data = found.estimator, found.data
    # Sets of labels cannot be drawn in their shares.
    stratified = is_classifier(estimator) and not has_several_columns(data.y)
    kind = StratifiedShuffleSplit if stratified else ShuffleSplit
    drawn = kind(n_subsamples, train_size=fraction, random_state=estimator.random_state)
    rows = np.zeros((_num_samples(data.X), 1))
    parts = [np.sort(train) for train, _ in drawn.split(rows, data.y)]
    lams = resolve_lams(estimator, data, lams, ENDS)
    sizes, usages, stop = {}, {}, Stop()

    def measure(fit) -> int:
        part, strength, fitted = fit
        rows = data.part(parts[part])
        if part not in usages:
            usages[part] = Usage(fitted, rows, rows, found.columns)
        sizes.setdefault(part, {})[strength] = usages[part](fitted, rows.X).sizes
        return len(fitted.feature_importances_)

    fits = fit_path(estimator, data, parts, lams, stop=stop)
    with closing(finite_fits(fits, len(lams) * n_subsamples, stop)) as fits:
        for fit in fits:
            n_features = stop.outlasted(measure, fit)
    n_columns = len(found.columns.positions)
    counts, n_fits = np.zeros((len(lams), n_columns)), np.zeros((len(lams), 1))
    n_selected = 0
    for of_part in sizes.values():
        largest = max(each.max() for each in of_part.values())
        ever = np.zeros(n_columns, dtype=bool)
        for strength, size in of_part.items():
            selected = (size >= cutoff * largest) & (size > 0)
            counts[strength] += selected
            n_fits[strength] += 1
            ever |= selected
        n_selected += ever.sum()
    frequencies = counts / np.maximum(n_fits, 1)
    return StabilityPath(
        lams=lams,
        frequencies=found.columns.reported(frequencies, n_features),
        feature_names=found.names(n_features),
        n_selected=float(n_selected / len(sizes)),
        n_columns=n_columns,
    )


def _check_threshold(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be in (0, 1], got {threshold!r}.")
