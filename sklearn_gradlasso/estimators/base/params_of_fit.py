"""The parameters of a fit: later calls of ``set_params`` do not change its answers."""

from __future__ import annotations

__all__ = ["as_fitted", "remember_params"]

# Parameters about the machine and the call, which are not those of the fitted network.
NOT_FITTED = ("accelerator", "callbacks", "device", "n_jobs", "random_state", "verbose")


def remember_params(estimator) -> None:
    """Remember the parameters that the network to be fitted depends on."""
    params = estimator.get_params(deep=False).items()
    fitted = {name: of for name, of in params if name not in NOT_FITTED}
    estimator._params_of_fit = fitted


def as_fitted(estimator):
    """The estimator with the parameters of its fit; itself if none has changed.

    They are those of now if a pickle of an earlier version does not hold them.
    """
    fitted = vars(estimator).get("_params_of_fit", {})
    if all(getattr(estimator, name) is of for name, of in fitted.items()):
        return estimator
    # ``copy`` would also copy the net, by way of ``__getstate__``.
    view = object.__new__(type(estimator))
    vars(view).update({**vars(estimator), **fitted})
    return view
