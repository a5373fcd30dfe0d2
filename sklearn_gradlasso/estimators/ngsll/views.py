"""The two views of a row: the input of the network, and the features it weighs.

The network reads ``encode(X)``, called x. Its linear models weigh the features of
``simplify(X)``, called z.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils import check_array

from ...inspection.feature_names import numbered
from ...inspection.tracing.values import copied
from ...tables import TableForm

__all__ = ["Views", "refuse_text", "unfitted", "warn_of_few_features"]


@dataclass(frozen=True, eq=False)
class Views:
    """The transformers that make x and z of X.

    Parameters
    ----------
    encode : transformer or None
        Makes x; ``None`` if the network reads X itself.
    simplify : transformer, callable or None
        Makes z; ``None`` if the features are those of x.
    fits : bool
        Whether the transformers are fitted, in place, to the rows that they transform.
    form : TableForm or None
        What the columns of x become, if it is a coded table.
    """

    encode: Any
    simplify: Any
    fits: bool = False
    form: TableForm | None = None

    @property
    def are_given(self) -> bool:
        """Whether a transformer makes one of the views."""
        return self.encode is not None or self.simplify is not None

    @property
    def n_tokens(self) -> int | None:
        """Number of token ids of the encoder, or of the last step of a Pipeline."""
        encoder = self.encode
        while hasattr(encoder, "steps"):
            encoder = encoder.steps[-1][1]
        return getattr(encoder, "n_tokens_", None)

    def encoded(self, X, y=None):
        """Return x; integers become float32, in which token ids are counted."""
        x = self._made_by(self.encode, X, y)
        x = x if sp.issparse(x) else np.asarray(x)
        narrow = x.dtype.kind in "biuf" and x.dtype != np.float64
        return x.astype(np.float32) if narrow else x

    def simplified(self, X, x, y=None, n_columns: int | None = None):
        """Return z of shape (n, d), from X or, without ``simplify``, from x.

        Parameters
        ----------
        X : array-like
            Rows of the user.
        x : ndarray or CSR matrix
            The same rows, encoded and checked.
        y : array-like or None
            Targets, for a transformer that is fitted.
        n_columns : int or None
            d, if it is known.

        Raises
        ------
        ValueError
            If z does not have this shape, or x are texts that nothing simplifies.
        """
        if self.simplify is None:
            if self.n_tokens is not None:
                raise ValueError(
                    "simplify must be given for texts, because it makes the features "
                    "of the linear models; for example CountVectorizer(min_df=10)."
                )
            z = x if sp.issparse(x) else x.reshape(len(x), -1)
            z = z if self.form is None else _of_table(z, self.form)
        else:
            z = _checked(self._made_by(self.simplify, X, y), x.shape[0], n_columns)
        if sp.issparse(z):
            z = z.copy()
            z.sum_duplicates()
            z.eliminate_zeros()
        return z

    def names(self, n_columns: int) -> np.ndarray:
        """Names of the features of z, or numbers if their transformer names none."""
        made_by = self.encode if self.simplify is None else self.simplify
        try:
            names = made_by.get_feature_names_out()
        except (AttributeError, NotImplementedError, ValueError):
            names = numbered((n_columns,))
        return np.asarray(names, dtype=object)

    def _made_by(self, transformer, X, y):
        X = copied(X)  # Both views are made of the rows of the caller.
        if self.fits and hasattr(transformer, "fit_transform"):
            return transformer.fit_transform(X, y)
        if self.fits and hasattr(transformer, "fit"):
            transformer.fit(X, y)
        return getattr(transformer, "transform", transformer)(X)


def unfitted(name: str, transformer: Any) -> Any:
    """Clone a transformer that is about to be fitted; return a function as it is.

    Raises
    ------
    TypeError
        If it is a class.
    """
    if isinstance(transformer, type):
        raise TypeError(
            f"{name} must be an object, got the class {transformer.__name__}; write "
            f"{transformer.__name__}()."
        )
    return clone(transformer) if hasattr(transformer, "fit") else transformer


def refuse_text(X) -> None:
    """Raise a ``ValueError`` if X is texts, which only an encoder can read."""
    one_dimensional = isinstance(X, (list, tuple)) or getattr(X, "ndim", None) == 1
    if one_dimensional and len(X) and isinstance(next(iter(X)), str):
        raise ValueError(
            "X holds texts; say how the network is to read them, for example with "
            "encode=TokenSequencer()."
        )


def warn_of_few_features(estimator, n_features: int) -> None:
    """Warn if a linear model is to have more features than there are.

    The default number is not warned of: it means at most that many.
    """
    given = estimator.n_nonzero_coefs
    if given > n_features and given != type(estimator).n_nonzero_coefs:
        warnings.warn(
            f"n_nonzero_coefs={given} is more than the {n_features} features of a "
            "row: all of them are used, and no linear model is sparse.",
            UserWarning,
            stacklevel=6,  # It is the caller of ``fit``.
        )


def _of_table(x, form: TableForm):
    """Features of a coded table: numbers, and 1 for a category or a missing value.

    The weight of a 1 is all that a category adds to the decision, so that a network
    that reads x can give each category another one.
    """
    if sp.issparse(x):
        return x
    return np.where(np.isnan(x) | form.is_category, x.dtype.type(1), x)


def _checked(z, n_rows: int, n_columns: int | None):
    found = np.shape(z)
    shape = (n_rows, found[-1] if n_columns is None and found else n_columns)
    if len(found) != 2 or found != shape:
        columns = "d" if n_columns is None else n_columns
        raise ValueError(
            f"simplify must return an array of shape ({n_rows}, {columns}) for "
            f"{n_rows} rows, got shape {found}."
        )
    return check_array(z, accept_sparse="csr", input_name="simplify(X)")
