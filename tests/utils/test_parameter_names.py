"""What a constructor and ``set_params`` say about names of other packages."""

import inspect
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_gradlasso
from sklearn_gradlasso import (
    AttributionPriorClassifier,
    FindAnotherExplanation,
    GradientLassoClassifier,
    GradientLassoClassifierCV,
    GradientLassoRegressor,
    NGSLLRegressor,
    RRRRegressor,
    SensitivitySelector,
    TokenSequencer,
)

KINDS = [
    value
    for value in vars(sklearn_gradlasso).values()
    if isinstance(value, type) and hasattr(value, "set_params")
]


@pytest.mark.parametrize(
    "name, said",
    [
        ("alpha", r"weight_l2 = alpha / \(2 \* batch_size\).*from_mlp"),
        ("solver", "it is called optimizer here"),
        ("learning_rate", "learning_rate_init here; a schedule is a callback"),
        ("power_t", "a schedule of the learning rate is a callback"),
        ("momentum", 'optimizer="sgd" and optimizer_params={"momentum"'),
        ("nesterovs_momentum", '{"nesterov": ...}'),
        ("beta_1", r'optimizer_params={"betas": \(beta_1, beta_2\)}'),
        ("beta_2", r'optimizer_params={"betas": \(beta_1, beta_2\)}'),
        ("epsilon", 'optimizer_params={"eps": epsilon}'),
        ("max_fun", 'optimizer="lbfgs"'),
        ("loss", "the loss follows from the task"),
        ("lambda_", "it is called lam here"),
        ("lambda_start", "lambda_path"),
        ("path_multiplier", "lambda_path"),
        ("M", "LassoNet's M"),
        ("hidden_dims", "it is called hidden_layer_sizes here"),
        ("lr", "it is called learning_rate_init here"),
        ("max_epochs", "it is called max_iter here"),
        ("n_iters", "it is called max_iter here"),
        ("patience", "it is called n_iter_no_change here"),
        ("criterion", "the loss follows from the task"),
        ("annotations", r"fit\(X, y, annotations=...\)"),
        ("sample_weight", r"give it to fit\(X, y, sample_weight=...\)"),
        ("groups", r"give them to fit\(X, y, groups=...\)"),
        ("classes", r"partial_fit\(X, y, classes=...\)"),
        ("optimizer__lr", "it is called learning_rate_init here"),
        ("optimizer__momentum", "optimizer_params={'momentum': ...}"),
        ("module__width", "module_params={'width': ...}"),
        ("hidden_layer_size", "did you mean 'hidden_layer_sizes'"),
        ("erly_stopping", "did you mean 'early_stopping'"),
        ("xyzzy", r"get_params\(\) shows all"),
    ],
)
def test_an_unknown_name_is_explained(name, said):
    for kind in (GradientLassoClassifier, AttributionPriorClassifier):
        with pytest.raises(TypeError, match=f"no parameter '{name}': .*{said}"):
            kind(**{name: 1})
        with pytest.raises(ValueError, match=f"Invalid parameter '{name}'.*{said}"):
            kind().set_params(**{name: 1})


def test_all_names_of_scikit_learn_that_are_not_ours_are_explained():
    ours = set(GradientLassoClassifier().get_params())
    for name in set(MLPClassifier().get_params()) - ours:
        with pytest.raises(TypeError, match=f"has no parameter '{name}'") as caught:
            GradientLassoClassifier(**{name: 1})
        said = str(caught.value)
        assert "get_params()" not in said and "did you mean" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_every_class_explains_names_and_keeps_its_signature(kind):
    with pytest.raises(TypeError, match=f"{kind.__name__} has no parameter 'xyzzy'"):
        kind(xyzzy=1)
    made = kind(MLPClassifier()) if kind is SensitivitySelector else kind()
    with pytest.raises(ValueError, match="Invalid parameter 'xyzzy'"):
        made.set_params(xyzzy=1)
    of_init = list(inspect.signature(kind.__init__).parameters)[1:]
    assert list(inspect.signature(kind).parameters) == of_init
    assert sorted(made.get_params(deep=False)) == sorted(of_init)
    for copied in (clone(made), pickle.loads(pickle.dumps(made))):
        assert copied.get_params(deep=False).keys() == set(of_init)


def test_positions_are_explained():
    message = r"GradientLassoClassifier\(hidden_layer_sizes=\(10,\)\)"
    with pytest.raises(TypeError, match=message):
        GradientLassoClassifier((10,))
    with pytest.raises(TypeError, match="takes its parameters by name only"):
        TokenSequencer(3)


def test_the_names_of_parts_are_explained():
    for meta in (FindAnotherExplanation, SensitivitySelector):
        with pytest.raises(TypeError, match="the estimator inside.*weight_l2"):
            meta(estimator=GradientLassoClassifier(), alpha=1.0)
        with pytest.raises(ValueError, match="'alpha' for.*GradientL.*weight_"):
            meta(estimator=GradientLassoClassifier()).set_params(estimator__alpha=1.0)
    with pytest.raises(TypeError, match="lam is chosen among lams"):
        GradientLassoClassifierCV(lam=0.1)
    with pytest.raises(TypeError, match="one lam; lambda_path and the CV classes"):
        RRRRegressor(lams=[0.1])
    with pytest.raises(TypeError, match="n_nonzero_coefs"):
        NGSLLRegressor(lam=0.1)
    assert GradientLassoRegressor(loss="poisson").loss == "poisson"


def test_a_search_over_alpha_says_what_it_is_called():
    X, y = np.random.default_rng(0).standard_normal((20, 2)), [0, 1] * 10
    model = make_pipeline(StandardScaler(), GradientLassoClassifier(max_iter=1))
    grid = {"gradientlassoclassifier__alpha": [0.1, 1.0]}
    with pytest.raises(ValueError, match=r"weight_l2 = alpha / \(2 \* batch_size\)"):
        GridSearchCV(model, grid, cv=2).fit(X, y)


@dataclass(kw_only=True, eq=False, repr=False)
class Dated(GradientLassoClassifier):
    """A subclass of a user, by the decorator of the standard library."""

    date: str = ""


class Written(GradientLassoClassifier):
    """A subclass whose constructor is written by hand and takes positions."""

    def __init__(self, width, *, lam=0.1):
        super().__init__(lam=lam, hidden_layer_sizes=(width,))
        self.width = width


def test_subclasses_of_users_are_served_too():
    assert Dated(date="today", lam=0.5).get_params()["date"] == "today"
    with pytest.raises(TypeError, match="Dated has no parameter 'dat': .*'date'"):
        Dated(dat="today")
    assert Written(3).hidden_layer_sizes == (3,)
    with pytest.raises(TypeError, match="Written has no parameter 'alpha'"):
        Written(3, alpha=0.1)
