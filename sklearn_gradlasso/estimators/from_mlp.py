"""Translates a network of scikit-learn into one of this package."""

from __future__ import annotations

import warnings
from math import ceil
from typing import Any

from sklearn.base import BaseEstimator, is_classifier

from ..training.schedules import AdaptiveRate, InverseScaling
from ..utils.validation import check_count
from .gradient_lasso import GradientLassoClassifier, GradientLassoRegressor

__all__ = ["from_mlp"]

AUTO = 200  # largest batch of batch_size="auto" there
SMALLEST_RATE = 1e-6  # at which learning_rate="adaptive" ends training there
SAME_NAMES = (
    "hidden_layer_sizes",
    "activation",
    "max_iter",
    "shuffle",
    "random_state",
    "warm_start",
    "n_iter_no_change",
)


def from_mlp(
    estimator: BaseEstimator,
    *,
    n_samples: int | None = None,
    n_outputs: int | None = None,
) -> GradientLassoClassifier | GradientLassoRegressor:
    """Translate an ``MLPClassifier`` or ``MLPRegressor`` into one of our networks.

    The translation minimises the same objective by the same steps, with ``lam=0.0``.
    Set ``lam`` to make its gradients sparse.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        Its parameters are translated. It may be fitted, but its weights are not taken.
    n_samples : int, default=None
        Number of rows it will be fitted on. ``alpha`` is divided by the number of rows
        of a step, which is ``n_samples`` if ``solver="lbfgs"`` or if there are fewer
        rows than ``batch_size``. ``None`` assumes full batches, and 200 rows for
        "lbfgs", with a warning.
    n_outputs : int, default=None
        Number of columns of y of a regressor; ``None`` is that of a fitted estimator,
        or 1.

    Returns
    -------
    GradientLassoClassifier or GradientLassoRegressor
        An estimator that is not fitted.

    Raises
    ------
    TypeError
        If it is another estimator.
    ValueError
        If a parameter of the estimator is invalid.

    Warns
    -----
    UserWarning
        If ``n_samples`` is needed and not given.

    Notes
    -----
    From the same weights, on the same batches, a step of ``partial_fit`` is the same
    step. What is not the same:

    - The initial weights are other draws from the same distribution, and so are the
      order of the rows and the rows held out.
    - ``fit`` keeps the mean of the weights over the second half of the steps of the
      last epoch. With one batch per epoch, and with "lbfgs", that is no difference.
    - A last batch that is smaller has a weaker penalty here than there, because
      ``alpha`` is divided by its rows there; one row that is left over joins the batch
      before it. With sample weights ``alpha`` is divided by their sum there.
    - The objective of a regressor is the squared error and not half of it. Learning
      rates of "sgd", ``alpha``, ``tol`` and ``epsilon`` are translated so that the
      steps are the same; the values in ``loss_curve_`` are twice those there, and
      nowhere do they hold the penalty of the weights. With several outputs ``alpha``
      counts in what ``tol`` is compared with, divided by their number.
    - ``epsilon`` of "adam" is added to the root of the corrected second moment, as
      torch does, which matters only for gradients near ``epsilon``.
    - With ``warm_start`` the optimizer goes on, and so does a rate that "adaptive" has
      lowered; there they begin anew.
    - "lbfgs" is torch's, with a line search by the strong Wolfe conditions.
    - ``calibrate=False``: scores are those of the last layer, as there. Set it to True
      for probabilities that fit the rows held out.
    - Of epochs with the same validation score the one with the lowest loss is kept.
    - ``verbose`` shows a progress bar.

    Examples
    --------
    >>> from sklearn.neural_network import MLPClassifier
    >>> from sklearn_gradlasso import from_mlp
    >>> network = from_mlp(MLPClassifier(alpha=1.0, random_state=0))
    >>> network.weight_l2
    0.0025
    >>> network.set_params(lam=0.1).lam
    0.1
    """
    # Import this here, because few users need it.
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if not isinstance(estimator, MLPClassifier | MLPRegressor):
        is_class = isinstance(estimator, type)
        got = (
            f"the class {estimator.__name__}" if is_class else type(estimator).__name__
        )
        raise TypeError(
            "from_mlp takes an instance of MLPClassifier or MLPRegressor, got "
            f"{got}. Inside of a Pipeline or a search, translate "
            "the network itself: pipeline.set_params(mlp=from_mlp(pipeline['mlp']))."
        )
    estimator._validate_params()
    if n_samples is not None:
        check_count("n_samples", n_samples)
    loss = None if is_classifier(estimator) else getattr(estimator, "loss", "")
    if n_outputs is None:
        n_outputs = getattr(estimator, "n_outputs_", 1)
    check_count("n_outputs", n_outputs)
    # Our objective is this many times that of which scikit-learn takes gradients. Its
    # squared errors of several outputs are summed there, but averaged in loss_curve_.
    factor = 1.0 if loss is None else (1.0 if loss == "poisson" else 2.0) / n_outputs
    is_squared = loss is not None and loss != "poisson"
    of_curve = 2.0 if is_squared and estimator.solver != "lbfgs" else factor
    of_task: dict[str, Any] = {"single_logit": True, "calibrate": False}
    kind = GradientLassoClassifier
    if loss is not None:
        kind = GradientLassoRegressor
        of_task = {"loss": loss or "squared_error", "normalize_y": False}
    rows_of_step = _rows_of_step(estimator, n_samples)
    params = {name: getattr(estimator, name) for name in SAME_NAMES}
    return kind(
        lam=0.0,
        module="perceptron",
        weight_l2=factor * estimator.alpha / (2 * rows_of_step),
        penalize_biases=False,
        module_params={"init": "glorot"},
        batch_size=AUTO if estimator.batch_size == "auto" else estimator.batch_size,
        verbose=int(estimator.verbose),
        **params,
        **of_task,
        **_ending(estimator, of_curve),
        **_optimization(estimator, factor),
    )


def _rows_of_step(estimator, n_samples: int | None) -> int:
    """Number of rows by which ``alpha`` is divided."""
    largest = AUTO if estimator.batch_size == "auto" else estimator.batch_size
    if estimator.solver == "lbfgs":
        if n_samples is None and estimator.alpha > 0:
            warnings.warn(
                f"from_mlp: solver='lbfgs' divides alpha={estimator.alpha} by the "
                f"number of rows, which is assumed to be {AUTO}; give n_samples, the "
                "number of rows it will be fitted on.",
                stacklevel=3,
            )
        return n_samples or AUTO
    if n_samples is None:
        return largest
    if estimator.early_stopping:
        n_samples -= ceil(estimator.validation_fraction * n_samples)
    return max(1, min(largest, n_samples))


def _ending(estimator, factor: float) -> dict[str, Any]:
    """What decides when training ends."""
    if not estimator.early_stopping or estimator.solver == "lbfgs":
        return {"tol": factor * estimator.tol, "early_stopping": False}
    return {
        "tol": estimator.tol,
        "early_stopping": True,
        "monitor": "score",
        "validation_fraction": estimator.validation_fraction,
    }


def _optimization(estimator, factor: float) -> dict[str, Any]:
    """The optimizer, its parameters, and the learning rate with its schedule."""
    rate = estimator.learning_rate_init
    if estimator.solver == "lbfgs":
        return {
            "optimizer": "lbfgs",
            "optimizer_params": {"max_fun": estimator.max_fun},
        }
    if estimator.solver == "adam":
        return {
            "optimizer": "adam",
            "learning_rate_init": rate,
            "optimizer_params": {
                "betas": (estimator.beta_1, estimator.beta_2),
                "eps": factor * estimator.epsilon,
            },
        }
    momentum = estimator.momentum
    schedules = {
        "constant": None,
        "invscaling": [("learning_rate", InverseScaling(estimator.power_t))],
        "adaptive": [("learning_rate", AdaptiveRate(SMALLEST_RATE / factor))],
    }
    return {
        "optimizer": "sgd",
        "learning_rate_init": rate / factor,
        "optimizer_params": {
            "momentum": momentum,
            "nesterov": bool(momentum and estimator.nesterovs_momentum),
        },
        "callbacks": schedules[estimator.learning_rate],
    }
