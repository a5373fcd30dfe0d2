"""The record of an explanation: why a model answers as it does at each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from ..inspection.open_model import open_model
from ..metrics import effective_columns
from ._columns import (
    check_groups_are_explained,
    columns_to_explain,
    with_groups_added,
)
from ._explainer import explained_fields
from ._forms import data_shown, frame_of, shap_of, top_of, unit_of
from ._subject import subject_of

__all__ = ["Explanation"]

# The fields with an entry for each row.
OF_ROWS = (
    "values",
    "predictions",
    "data",
    "index",
    "slopes",
    "magnitudes",
    "missing",
    "in_place",
)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Explanation:
    """Why a model answers as it does at each row, in the columns the user gave.

    :meth:`from_estimator` makes one. ``explanation[rows]`` is the explanation of some
    rows (a slice, a mask, positions), and ``len(explanation)`` is their number. The
    page "What a reason means" of the documentation explains the terms.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_features) or (..., n_outputs)
        By default *effects*, in units of the answer: ``f(x_i) - mean_b f(x_i; j <-
        x_bj)``, the answer minus its mean when the value of column j is replaced by
        those of background rows. Otherwise the attribution that ``attribution`` names.
        Rows of another shape, such as images, keep it in place of ``n_features`` here
        and below.
    predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The answers that are explained, such as log-odds or a regressor's predictions.
    base_values : ndarray of shape () or (n_outputs,), or None
        The answer that values start from: for effects the mean answer to the
        background rows. None for attributions that start from none, such as gradients.
    data : ndarray of shape (n_samples, n_features)
        The values of the columns, as the user gave them; of dtype object if some are
        no numbers.
    feature_names : ndarray of str of shape (n_features,)
        Names of the columns; ``x0_1`` is row 0, column 1 of an image. Columns of an
        array are ``x0``, ``x1`` and so on, and so are those of a DataFrame whose names
        are not strings, which scikit-learn passes over, too.
    output_names : ndarray of str of shape (n_outputs,) or None, default=None
        The classes, if each has its own values.
    index : pandas.Index or None, default=None
        Labels of the rows, if they came in a DataFrame.
    transformed_target : bool, default=False
        Whether the answers are in units of a transformed target, because the network is
        inside a ``TransformedTargetRegressor``.
    slopes : ndarray of the shape of values, or None, default=None
        Derivatives of the answer per unit of the column, where a column is a number;
        NaN for categories and missing values. NaN for a whole column if its derivatives
        do not say what a step does (see ``slope_steps``).
    slope_steps : ndarray of shape (n_features,) or None, default=None
        0 where slopes are derivatives. Where these disagree with the changes that
        finite steps make, slopes are means over a step of this length, in units of the
        column (of about this length behind a transformer that is not linear). NaN where
        there are no slopes to show. With attribution="gradients" slopes are derivatives
        that are not compared with changes.
    magnitudes : ndarray of the shape of values, or None, default=None
        With effects, ``sqrt(mean_b (f(x_i) - f(x_i; j <- x_bj)) ** 2)``: how far the
        column moves the answer in either direction.
    deviation : ndarray of shape () or (n_outputs,), or None, default=None
        With effects, the standard deviation of the answer over the background rows.
    missing : ndarray of bool of shape (n_samples, n_features) or None, default=None
        Where the user's value is missing.
    in_place : ndarray of object of shape (n_samples, n_features) or None, default=None
        What an imputer put in place of missing values; None elsewhere.
    attribution : str, default="unknown"
        What values are: "effects", "expected_gradients", "contributions", ...
    target : str, default="answer"
        The scalar that is explained, in words.
    unit : str, default="units of the answer"
        Its unit: "log-odds", "units of y", ... Values have it too, but those that are
        slopes have it per unit of a number.
    background : str, default=""
        The rows that others are compared with, in words.
    classes : ndarray of str of shape (n_classes,) or None, default=None
        The labels of a classifier.
    exclusive : bool, default=True
        Whether these labels exclude each other. If not, as after a fit to an indicator,
        each of them is a question by itself.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import make_column_transformer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import OneHotEncoder, StandardScaler
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.explanation import Explanation
    >>> X = pd.DataFrame({"age": range(40), "colour": ["red", "blue"] * 20})
    >>> columns = make_column_transformer(
    ...     (StandardScaler(), ["age"]), (OneHotEncoder(), ["colour"])
    ... )
    >>> network = GradientLassoRegressor(
    ...     module="perceptron", tol=1e-2, random_state=0
    ... )
    >>> model = make_pipeline(columns, network).fit(X, X["age"])
    >>> explanation = Explanation.from_estimator(model, X)
    >>> explanation
    <Explanation: effects of 2 columns on the prediction at 40 rows, in units of y,
    against 40 training rows>
    >>> explanation.feature_names.tolist(), explanation.data[0].tolist()
    (['age', 'colour'], [0.0, 'red'])
    >>> explanation.slopes[0].round().tolist()
    [1.0, nan]
    """

    values: np.ndarray
    predictions: np.ndarray
    base_values: np.ndarray | None
    data: np.ndarray
    feature_names: np.ndarray
    output_names: np.ndarray | None = None
    index: Any = None
    transformed_target: bool = False
    slopes: np.ndarray | None = None
    slope_steps: np.ndarray | None = None
    magnitudes: np.ndarray | None = None
    deviation: np.ndarray | None = None
    missing: np.ndarray | None = None
    in_place: np.ndarray | None = None
    attribution: str = "unknown"
    target: str = "answer"
    unit: str = "units of the answer"
    background: str = ""
    classes: np.ndarray | None = None
    exclusive: bool = True

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        *,
        target=None,
        attribution=None,
        groups: Mapping[str, list[str]] | str | None = None,
        background: ArrayLike | None = None,
    ) -> Explanation:
        """Explain a fitted network at rows, also inside a Pipeline or a search.

        In a Pipeline the columns of X are traced through the transformers: scalers,
        imputers, one-hot and ordinal encoders, quantile and power transformers,
        one-to-one functions, ``ColumnTransformer``, ``FeatureUnion``, skrub's
        ``TableVectorizer`` and Pipelines of them. What comes out of a step that mixes
        columns, such as a PCA, or of an unknown one, is explained under the names that
        it has there (see :func:`register_transformer`).

        Parameters
        ----------
        estimator : estimator, skorch net or nn.Module
            Fitted network: an estimator of this package, scikit-learn's
            ``MLPClassifier`` or ``MLPRegressor``, a skorch net or a torch module. It
            may be the last step of a Pipeline (samplers of imbalanced-learn are
            skipped, as in ``predict``); or the best estimator of a search; or inside
            ``FrozenEstimator``, ``FixedThresholdClassifier``,
            ``TunedThresholdClassifierCV`` or ``TransformedTargetRegressor``.
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_columns)
            Rows as ``estimator.predict`` takes them.
        target : str or callable, default=None
            What is explained. By default the log-odds of the second of two classes, the
            log-odds of each of several classes against the rest or of each label of an
            indicator, or the prediction of a regressor; of a torch module its output. A
            threshold by which a wrapper decides has no part in it. For other targets
            see ``explain`` of the estimators of this package; "training" is for these
            alone. The predicted class has no effects, because it may change with the
            value of a column.
        attribution : str or callable, default=None
            "effects", "expected_gradients", "integrated_gradients", "gradients",
            "contributions" (for estimators that have them), or a callable ``(score, x)
            -> phi``. By default effects, if rows are those of a table with at most 200
            columns. Otherwise, as for images, sequences, texts and NGSLL, the own
            attribution of the estimator, or expected gradients if that is the gradient.
            With "gradients", values are derivatives per unit of a number, and for a
            category the contrast ``phi_own - sum_k p_k phi_k`` with the average
            category (p_k are shares of the training rows), and so for what is missing
            in a table that the network itself reads. Of other attributions, those
            of the features that are made of a column are added up.
        groups : dict, "onehot" or None, default=None
            Columns to take as one: a dict from the name of each group to the names of
            its columns. A group takes the place of its first column. "onehot" is for
            the columns of a fitted ``OneHotEncoder`` in the Pipeline, which always
            belong to the column that they encode.
        background : array-like of shape (n_rows, n_columns), default=None
            Rows to compare with, as the model takes them. By default up to 500 training
            rows that estimators of this package keep; for other networks, which keep
            none, the rows of X. Effects use 256 of them.

        Returns
        -------
        Explanation

        Raises
        ------
        TypeError
            If there is no network in the estimator, or more than one, or groups are of
            another kind.
        ValueError
            If groups name an unknown feature, or one twice, or there is nothing to
            group; or X, target, attribution or background do not fit the network.
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.

        Notes
        -----
        ``TransformedTargetRegressor`` answers in units of y, but its network in units
        of the transformed target, which is what is explained: ``predictions`` are those
        of its ``regressor_``, and ``transformed_target`` is True.
        """
        opened = open_model(estimator, X)
        columns = columns_to_explain(opened, groups)
        fields = explained_fields(opened, columns, target, attribution, background)
        if columns is None:
            fields = with_groups_added(fields, opened, groups)
        check_groups_are_explained(groups, fields["feature_names"])
        subject = subject_of(opened, target, fields["predictions"].shape[1:])
        return cls(
            **fields,
            **subject,
            index=X.index if hasattr(X, "iloc") else None,
            transformed_target=opened.transformed_target,
        )

    @property
    def probabilities(self) -> np.ndarray | None:
        """Probabilities beside the log-odds, of the shape of predictions.

        None if the answers are no log-odds.
        """
        return expit(self.predictions) if self.unit == "log-odds" else None

    @property
    def counts(self) -> np.ndarray:
        """Number of columns that count at each row, (n_samples,) or (..., n_outputs).

        See :func:`sklearn_gradlasso.metrics.effective_columns`.

        Raises
        ------
        ValueError
            If the values are not effects.
        """
        if self.magnitudes is None:
            raise ValueError(
                f"The values are {self.attribution}; the columns that count are found "
                "by effects: use attribution='effects', or metrics.effects."
            )
        return effective_columns(self.magnitudes, self.deviation)

    @property
    def effective_columns(self) -> float:
        """Average number of columns that count at a row."""
        return float(self.counts.mean())

    @property
    def additivity_gap(self) -> np.ndarray | None:
        """``predictions - base_values - sum of values``, of the shape of predictions.

        For effects it is what columns do together. None without base values, as for
        gradients, which promise no sum.
        """
        if self.base_values is None:
            return None
        total = self.values.sum(axis=tuple(range(1, self.data.ndim)))
        return self.predictions - self.base_values - total

    def to_frame(self):
        """Values as a DataFrame with a row for each row and a column for each feature.

        Returns
        -------
        pandas.DataFrame of shape (n_samples, n_features)
            With several outputs, the columns of each output follow each other under
            its name or number: ``frame[output]`` is the frame of one. Its ``attrs`` say
            what the values are: attribution, target, unit and background.
        """
        return frame_of(self)

    def top(self, k: int = 5, *, output: str = "predicted"):
        """The features with the largest magnitudes of values at each row.

        Parameters
        ----------
        k : int, default=5
            Largest number of features of each row (and output). Features whose value is
            0 are left out.
        output : str, default="predicted"
            Of several classes, "predicted" is the one with the largest prediction at
            the row, "all" are all of them, and a name is that class. Of labels that may
            occur together "predicted" shows all, too. Several outputs of a regressor
            are always shown.

        Returns
        -------
        pandas.DataFrame
            A line for each row, each output (if there are several) and each rank, with
            columns ``row`` (label in the index of X, or position), ``output``, ``rank``
            (from 1), ``feature``, ``value`` and ``data``, which tells missing values
            and what was put in their place. Features with equal values keep their
            order. Its ``attrs`` are those of :meth:`to_frame`.

        Raises
        ------
        TypeError, ValueError
            If k is not an integer from 1, or there is no such output.
        """
        return top_of(self, k, output)

    def data_shown(self) -> np.ndarray:
        """Data in which missing values say so, and what was put in their place.

        Returns
        -------
        ndarray of the shape of data
            Itself if nothing is missing, and otherwise of dtype object.
        """
        return data_shown(self)

    def to_shap(self):
        """The same as a ``shap.Explanation``, for the plots of shap.

        Returns
        -------
        shap.Explanation
            With the base values repeated for each row, if values add up from these.
            Effects do not, and without base values only plots that need none work, such
            as ``shap.plots.beeswarm``.

        Raises
        ------
        ModuleNotFoundError
            If shap is not installed.
        """
        return shap_of(self)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows) -> Explanation:
        """The explanation of some rows.

        Raises
        ------
        IndexError
            If there are no such rows, or columns are asked for as well.
        """
        if isinstance(rows, tuple):
            raise IndexError(
                f"an explanation is indexed by rows alone, got {rows!r}; its arrays "
                "are indexed by columns and outputs too, as in explanation.values[...]."
            )
        rows = np.atleast_1d(np.arange(len(self))[rows])
        by_row = {name: getattr(self, name) for name in OF_ROWS}
        taken = {name: of[rows] for name, of in by_row.items() if of is not None}
        return replace(self, **taken)

    def __repr__(self) -> str:
        shape = self.values.shape[1 : self.data.ndim]
        columns = str(shape[0]) if len(shape) == 1 else "x".join(map(str, shape))
        against = f", against {self.background}" if self.background else ""
        return (
            f"<Explanation: {self.attribution.replace('_', ' ')} of {columns} columns "
            f"on the {self.target} at {len(self)} rows, in {unit_of(self)}{against}>"
        )
