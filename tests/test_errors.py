"""Every mistake is answered by the argument's name, what was given and what to do."""

from numbers import Integral, Real

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils._param_validation import Interval, InvalidParameterError
from skorch.callbacks import Freezer
from torch import nn

import sklearn_gradlasso
from sklearn_gradlasso import GradientLassoClassifier, GradientLassoRegressor

X = np.random.default_rng(0).standard_normal((40, 3))
Y = np.arange(40) % 2
HUGE = np.array([[1.7e308, -1.7e308, 1.7e308], [-1.7e308, 1.7e308, -1.7e308]])
ANSWERS = "predict", "predict_proba", "decision_function", "explain"
PERCEPTRON = {"module": "perceptron"}


def with_value(value):
    bad = X.copy()
    bad[3, 1] = value
    return bad


class Unused(nn.Linear):
    def forward(self, x):
        return x[:, : self.out_features]


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lam": -0.1}, "'lam' parameter.*Got -0.1"),
        ({"lam": np.nan}, "'lam' parameter"),
        ({"lam": np.inf}, "'lam' parameter"),
        ({"lam": "strong"}, "'lam' parameter"),
        ({"weight_l1": -1}, "'weight_l1' parameter"),
        ({"activation": "swish"}, "'activation' parameter.*'relu'.*Got 'swish'"),
        ({"optimizer": "newton"}, "'optimizer' parameter.*'adam'.*Got 'newton'"),
        ({"optimizer": dict}, "optimizer.*torch.optim.Optimizer.*dict"),
        ({"optimizer_params": {"speed": 3}}, "optimizer_params do not suit.*speed"),
        ({"optimizer_params": {"betas": (2, 2)}}, "optimizer_params do not suit"),
        (
            {"optimizer": "lbfgs", "optimizer_params": {"betas": (0.9, 0.99)}},
            "optimizer='lbfgs'.* no parameter 'betas', but.*'max_fun'.*change with it",
        ),
        (
            {"optimizer": torch.optim.RMSprop, "optimizer_params": {"max_fun": 9}},
            "optimizer=RMSprop.* no parameter 'max_fun', but.*'alpha'",
        ),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"batch_size": "full"}, "'batch_size' parameter"),
        ({"max_iter": 0}, "'max_iter' parameter"),
        ({"learning_rate_init": 0.0}, "'learning_rate_init' parameter"),
        ({"hidden_layer_sizes": (5, 0)}, r"hidden_layer_sizes.*\(5, 0\)"),
        ({"hidden_layer_sizes": (5, 2.5)}, "hidden_layer_sizes"),
        ({"input_shape": (2, 2)}, r"input_shape=\(2, 2\) holds 4.*has 3"),
        ({"target": "logits"}, "target must be one of.*got 'logits'"),
        ({"module": "forest"}, "'module' parameter"),
        ({"penalty": "l3"}, "'penalty' parameter.*'hoyer'.*Got 'l3'"),
        ({"module_params": {"n_members": 0}}, "module_params: n_members"),
        ({"module_params": {"n_pieces": 2.5}}, "module_params: n_pieces"),
        ({"module_params": {"n_trees": 3}}, "module_params.*n_trees"),
        (
            {"module": nn.Linear(3, 7)},
            r"module must return.*returned \(2, 7\) for 2 rows",
        ),
        ({"module": nn.Linear(4, 2)}, "module cannot take a batch"),
        ({"module": lambda n, k: nn.Flatten()}, "module: Flatten has no learnable"),
        ({"module": Unused}, "module: its output depends on none of its parameters"),
        ({"optimizer": torch.optim.SparseAdam}, "optimizer=SparseAdam.*use 'adam'"),
        ({"callbacks": [3]}, "callbacks.*skorch"),
        ({"callbacks": [Freezer("*")]}, "callbacks have frozen all parameters"),
        ({"optimizer_params": {"lr": 3}}, "set learning_rate_init instead"),
        ({"optimizer_params": {"foreach": 1, "fused": 1}}, "optimizer_params do not"),
        ({"hidden_layer_sizes": 0}, "'hidden_layer_sizes' parameter"),
        ({"hidden_layer_sizes": (True,)}, "hidden_layer_sizes"),
        ({"input_shape": (-1, -3)}, "input_shape must be positive integers"),
        ({"input_shape": (1, 3.0)}, "input_shape must be positive integers"),
        ({"device": "meta"}, "device='meta' holds no data"),
        ({"n_jobs": 0}, "n_jobs must not be 0"),
        ({"target": lambda o, y: o.sum()}, "target must return.*one scalar for each"),
        ({"target": lambda o, y: None}, "target must return.*got NoneType"),
        ({"target": lambda o, y: o.argmax(1)}, "target.*differentiated"),
        ({"device": "abacus"}, "device='abacus' cannot be used"),
        ({"device": "cuda:77"}, "device='cuda:77' cannot be used"),
        ({"validation_fraction": 1.5}, "'validation_fraction' parameter"),
        (
            {**PERCEPTRON, "early_stopping": True, "validation_fraction": 0.99},
            "early_stopping",
        ),
        (
            {**PERCEPTRON, "early_stopping": True, "validation_fraction": 0.01},
            "early_stopping",
        ),
    ],
    ids=lambda value: (
        str(value).split(" at 0x")[0][:40] if isinstance(value, dict) else ""
    ),
)
def test_parameters(kind, params, message):
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        kind(**params).fit(X, Y)


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((with_value(np.inf), Y), "X contains infinity"),
        ((X[:0], Y[:0]), r"0 sample\(s\)"),
        ((X[:, :0], Y), r"0 feature\(s\)"),
        ((X, Y[:-1]), "inconsistent numbers of samples"),
        ((X[:, 0], Y), "Expected 2D array"),
        ((X.reshape(40, 3, 1), Y), "dim 3"),
        ((X.astype(str) + "a", Y), "(?i)could not convert string|numeric"),
        ((X, None), "y"),
        ((X, Y, -np.ones(40)), "Negative values in data passed to `sample_weight`"),
        ((X, Y, np.zeros(40)), "sample_weight is zero for every row"),
        ((X, Y, np.ones(39)), "sample_weight"),
        ((X, Y, np.full(40, np.nan)), "sample_weight contains NaN"),
        ((X, Y, ["heavy"] * 40), "sample_weight must be numbers"),
    ],
)
def test_data(kind, data, message):
    with pytest.raises(ValueError, match=message):
        kind().fit(*data)


def test_targets():
    with pytest.raises(ValueError, match="Unknown label type"):
        GradientLassoClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="class_weight leaves no row"):
        GradientLassoClassifier(class_weight={0: 0.0, 1: 0.0}).fit(X, Y)
    for value in (-1.0, np.nan, np.inf):
        weights = {0: value, 1: 1.0}
        with pytest.raises(ValueError, match="class_weight must hold finite numbers"):
            GradientLassoClassifier(class_weight=weights).fit(X, Y)
    with pytest.raises(ValueError, match="class_weight"):
        GradientLassoClassifier(class_weight="even").fit(X, Y)
    with pytest.raises(ValueError, match="NaN"):
        GradientLassoRegressor().fit(X, np.where(Y, np.nan, 1.0))
    with pytest.raises(ValueError, match="y must be numbers"):
        GradientLassoRegressor().fit(X, ["a", "b"] * 20)
    with pytest.raises(ValueError, match=r"target must be one of \['output'\]"):
        GradientLassoRegressor(target="true_class").fit(X, Y)
    with pytest.raises(ValueError, match="partial_fit does not hold rows out"):
        GradientLassoRegressor(early_stopping=True).partial_fit(X, Y)
    with pytest.raises(ValueError, match="too large to be standardised"):
        GradientLassoRegressor().fit(X, Y * 1e300)


def test_answers():
    model = GradientLassoClassifier(**PERCEPTRON, max_iter=2, random_state=0).fit(X, Y)
    for method in ANSWERS:
        ask = getattr(model, method)
        with pytest.raises(ValueError, match="X has 2 features.*expecting 3"):
            ask(X[:, :2])
        with pytest.raises(ValueError, match="X contains NaN"):
            ask(with_value(np.nan))
        with pytest.raises(ValueError, match="is infinite or NaN.*Scale X"):
            ask(HUGE)


@pytest.mark.parametrize("kind", [GradientLassoClassifier, GradientLassoRegressor])
@pytest.mark.parametrize(
    "given, message",
    [
        ({"hidden_layer_sizes": (9,)}, r"got hidden.*=\(9,\); .*in module_params"),
        ({"activation": "tanh"}, "got activation='tanh'; .*module='perceptron'"),
    ],
)
def test_parameters_of_the_perceptron_for_the_network_for_tables(kind, given, message):
    model = kind(module="tabular", max_iter=2, random_state=0, **given)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    model.set_params(module_params={"hidden_layer_sizes": (9,)}, **dict.fromkeys(given))
    shapes = [tuple(of.shape) for of in model.fit(X, Y).net_.module_.parameters()]
    assert (5, 24, 9) in shapes  # members, embeddings, units


def test_answers_of_a_network_for_tables():
    model = GradientLassoClassifier(max_iter=2, random_state=0).fit(X, Y)
    for method in ANSWERS:
        ask = getattr(model, method)
        with pytest.raises(ValueError, match="X has 2 features.*expecting 3"):
            ask(X[:, :2])
        with pytest.raises(ValueError, match="X contains infinity"):
            ask(with_value(np.inf))
        with pytest.warns(UserWarning, match="missing values in column 'x1'.*median"):
            assert np.isfinite(ask(with_value(np.nan))).all()
        assert np.isfinite(ask(HUGE)).all()


def test_predictions_that_do_not_fit_the_precision():
    model = GradientLassoRegressor(**PERCEPTRON, max_iter=2, random_state=0)
    model.fit(X.astype(np.float32), Y * 1e100)
    assert 1e99 < np.abs(model.predict(X.astype(np.float32))).max() < 1e102
    with pytest.raises(ValueError, match="do not fit into float64.*rescale y"):
        model.fit(X, Y * 1e150).predict(1e200 * X)


def test_a_module_that_computes_nan_is_found_out():
    class Root(nn.Linear):
        def forward(self, x):
            return super().forward(x).sqrt()

    torch.manual_seed(0)
    with pytest.raises(ValueError, match="no longer finite"):
        GradientLassoClassifier(module=Root, random_state=0).fit(X, Y)


def public_estimators():
    kinds = (getattr(sklearn_gradlasso, name) for name in sklearn_gradlasso.__all__)
    return [kind for kind in kinds if hasattr(kind, "_parameter_constraints")]


@pytest.mark.parametrize("kind", public_estimators(), ids=lambda kind: kind.__name__)
def test_a_bool_is_no_number(kind):
    estimator = kind(GradientLassoClassifier()) if "Selector" in str(kind) else kind()
    limits = kind._parameter_constraints
    numbers = {name for name, each in limits.items() if any(map(is_interval, each))}
    assert numbers
    for name in numbers - {"hidden_layer_sizes"}:
        for value in (True, False, np.True_):
            clone(estimator)._validate_params()
            message = f"The '{name}' parameter of {kind.__name__} must be"
            with pytest.raises(InvalidParameterError, match=message):
                clone(estimator).set_params(**{name: value})._validate_params()


def is_interval(constraint):
    assert constraint not in (Integral, Real)
    return isinstance(constraint, Interval)
