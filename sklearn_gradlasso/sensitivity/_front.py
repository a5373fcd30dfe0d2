"""The transformers of a Pipeline, fitted once before the network is fitted often."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.base import clone
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils.metadata_routing import process_routing

__all__ = ["Behind", "behind_transformers"]


class Behind(NamedTuple):
    """A network that is not fitted, and what reaches it in a Pipeline.

    Attributes
    ----------
    network : estimator
        The last step.
    rows : array-like
        X behind the transformers.
    transformers : list
        The fitted transformers as one, if there are any.
    fit_params : dict
        Parameters of the ``fit`` of the network.
    """

    network: Any
    rows: Any
    transformers: list
    fit_params: dict


def behind_transformers(estimator, X, y, fit_params: dict) -> Behind:
    """Fit the transformers of a Pipeline; any other estimator gets X as it is.

    A Pipeline of imbalanced-learn with a sampler stays whole, because its rows are
    others in ``fit``.
    """
    steps = getattr(estimator, "steps", None) or []
    if len(steps) < 2 or any(hasattr(step, "fit_resample") for _, step in steps):
        return Behind(estimator, X, [], fit_params)
    front, (last, network) = clone(estimator[:-1]), steps[-1]
    if _routing_enabled():
        routed = process_routing(estimator, "fit", **fit_params)
        own = dict(routed[last].fit)
        asked = {key for name, _ in steps[:-1] for key in routed[name].fit_transform}
        others = {key: fit_params[key] for key in asked}
    else:
        mark = f"{last}__"
        given = fit_params.items()
        own = {key.removeprefix(mark): v for key, v in given if key.startswith(mark)}
        others = {key: v for key, v in given if not key.startswith(mark)}
    rows = front.fit_transform(X, y, **others)
    return Behind(network, rows, [front], own)
