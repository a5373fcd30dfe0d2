"""One opener: networks inside Pipelines, searches and other wrappers."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers.known_slopes import drawn, quick_mlp
from helpers.linear_stand_in import (
    SCALED,
    Linear,
    encode_and_scale,
    explained,
    make_table,
    scaled,
)
from sklearn.base import BaseEstimator, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    SensitivitySelector,
)
from sklearn_gradlasso.explanation import Explanation
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    lag_importance,
    local_importance,
    noise_floor,
)

MEASURES = [global_importance, local_importance, lag_importance, interaction_importance]
X = drawn(60, 3) * [1, 10, 100] + [0, 1, 2]
CLASSES = np.where(X[:, 0] > 0, "yes", "no")


def ours(kind, **params):
    return kind(hidden_layer_sizes=(4,), max_iter=3, random_state=0, **params)


def mlp(**params):
    return quick_mlp(MLPClassifier, **params)


@pytest.fixture
def table():
    return make_table()


def test_names_of_a_network_alone(table):
    frame = table[SCALED]
    assert explained(Linear(), frame).feature_names.tolist() == SCALED
    array = frame.to_numpy()
    assert explained(Linear(), array).feature_names.tolist() == ["x0", "x1"]
    assert explained(Linear(), pd.DataFrame(array)).feature_names[1] == "x1"
    with pytest.warns(UserWarning, match="valid feature names"):
        explanation = Explanation.from_estimator(Linear().fit(frame), array)
    assert explanation.feature_names.tolist() == SCALED


MADE = {"age": [5], "colour": [0, 1, 2], "colour_dark": [3, 4], "height": [6]}


@pytest.mark.parametrize("sparse_threshold", [0, 1])
def test_a_pipeline_is_explained_in_the_columns_of_X(table, sparse_threshold):
    columns = encode_and_scale().set_params(sparse_threshold=sparse_threshold)
    model = make_pipeline(columns, Linear())
    explanation = explained(model, table)
    rows = model[:-1].transform(table)
    assert sp.issparse(rows) == bool(sparse_threshold)
    assert explanation.feature_names.tolist() == [*MADE] == [*table]
    of_features = model[-1]._explained(rows).values
    for j, positions in enumerate(MADE.values()):
        total = of_features[:, positions].sum(axis=1)
        np.testing.assert_allclose(explanation.values[:, j], total)
    np.testing.assert_allclose(explanation.additivity_gap, 0, atol=1e-12)
    assert isinstance(explanation.data, np.ndarray)
    assert explanation.data.tolist() == table.to_numpy().tolist()
    assert explanation.to_frame().index.equals(table.index)


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(scaled(), Linear()),
        make_pipeline(scaled(), make_pipeline(Linear())),
        make_pipeline("passthrough", make_pipeline(scaled(), "passthrough", Linear())),
        make_pipeline(make_pipeline(scaled()), Linear()),
        GridSearchCV(make_pipeline(scaled(), Linear()), {"linear__n_outputs": [None]}),
        make_pipeline(scaled(), GridSearchCV(Linear(), {"n_outputs": [None]})),
        make_pipeline(scaled(), Linear()).set_output(transform="pandas"),
    ],
    ids=range(7),
)
def test_pipelines_and_searches_around_the_same_network(model, table):
    X = table[SCALED]
    expected = explained(Linear(), StandardScaler().fit_transform(X))
    explanation = explained(model, X)
    np.testing.assert_allclose(explanation.values, expected.values)
    np.testing.assert_array_equal(explanation.data, X)
    assert explanation.feature_names.tolist() == SCALED


def test_pipelines_that_change_nothing(table):
    for model in (make_pipeline(Linear()), make_pipeline("passthrough", Linear())):
        assert explained(model, table[SCALED]).feature_names.tolist() == SCALED
        unnamed = table[SCALED].to_numpy()
        assert explained(model, unnamed).feature_names.tolist() == ["x0", "x1"]


def test_names_when_a_step_makes_none(table):
    X = table[SCALED]
    for same in (np.asarray, lambda X: X.add_prefix("my ")):
        model = make_pipeline(FunctionTransformer(same), Linear())
        assert explained(model, X).feature_names.tolist() == SCALED
    mixed = FunctionTransformer(lambda X: np.asarray(X) @ [[1, 1], [1, -1]])
    found = explained(make_pipeline(mixed, Linear()), X)
    assert found.feature_names.tolist() == ["x0", "x1"]
    np.testing.assert_array_equal(found.data, mixed.transform(X))
    named = FunctionTransformer(lambda X: X.cumsum(axis=1).add_prefix("my "))
    found = explained(make_pipeline(named, Linear()), X)
    assert found.feature_names.tolist() == ["my age", "my height"]


def test_text_is_explained_by_word():
    texts = pd.Series(["good film", "bad film", "good"], index=list("abc"))
    explanation = explained(make_pipeline(CountVectorizer(), Linear()), texts)
    assert explanation.feature_names.tolist() == ["bad", "film", "good"]
    assert explanation.data.tolist() == [[0, 1, 1], [1, 1, 0], [0, 0, 1]]
    assert explanation.index.tolist() == ["a", "b", "c"]


def test_slopes_in_pipelines_and_searches_around_the_same_network():
    scaled = StandardScaler().fit_transform(X)
    mlp = quick_mlp(MLPRegressor)
    expected = global_importance(mlp.fit(scaled, X[:, 0]), scaled).importances
    for model in (
        make_pipeline(StandardScaler(), quick_mlp(MLPRegressor)),
        make_pipeline(StandardScaler(), "passthrough", quick_mlp(MLPRegressor)),
        GridSearchCV(
            make_pipeline(StandardScaler(), quick_mlp(MLPRegressor)),
            {"mlpregressor__alpha": [1e-4]},
            cv=2,
        ),
        make_pipeline(
            StandardScaler(),
            GridSearchCV(quick_mlp(MLPRegressor), {"alpha": [1e-4]}, cv=2),
        ),
    ):
        found = global_importance(model.fit(X, X[:, 0]), X)
        np.testing.assert_allclose(found.importances, expected)


# Other wrappers


def same_network(model, network, rows=X):
    """Whether a model is opened as this network at the rows, for both purposes."""
    found = Explanation.from_estimator(model, X)
    expected = Explanation.from_estimator(network, rows)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.predictions, expected.predictions)
    np.testing.assert_array_equal(found.data, X)
    per_unit = np.std(np.asarray(rows), axis=0) / X.std(axis=0)
    is_derivative = (found.slope_steps == 0) & (expected.slope_steps == 0)
    in_units = (expected.slopes * per_unit)[:, is_derivative]
    np.testing.assert_allclose(found.slopes[:, is_derivative], in_units)
    np.testing.assert_array_equal(
        global_importance(model, X).importances,
        global_importance(network, rows).importances,
    )
    return found


@pytest.mark.parametrize(
    "wrap",
    [
        lambda network: FrozenEstimator(network.fit(X, CLASSES)),
        lambda network: FixedThresholdClassifier(
            network, threshold=0.2, pos_label="no"
        ),
        lambda network: FixedThresholdClassifier(
            FrozenEstimator(network.fit(X, CLASSES))
        ),
        lambda network: TunedThresholdClassifierCV(network, cv=2),
        lambda network: GridSearchCV(
            TunedThresholdClassifierCV(network, cv=2), {"cv": [2]}, cv=2
        ),
        lambda network: TunedThresholdClassifierCV(
            FrozenEstimator(FrozenEstimator(network.fit(X, CLASSES))),
            cv="prefit",
            refit=False,
        ),
    ],
    ids=["frozen", "fixed", "fixed frozen", "tuned", "search tuned", "tuned frozen"],
)
@pytest.mark.parametrize("network", [mlp(), ours(GradientLassoClassifier)])
def test_wrappers_of_classifiers(wrap, network):
    network = clone(network)
    expected = clone(network).fit(X, CLASSES)
    found = same_network(wrap(network).fit(X, CLASSES), expected)
    p = expected.predict_proba(X)  # a threshold has no part in the explanation
    np.testing.assert_allclose(found.predictions, np.log(p[:, 1] / p[:, 0]), rtol=1e-6)
    assert not found.transformed_target


@pytest.mark.parametrize("network", [mlp(), ours(GradientLassoClassifier)])
def test_wrappers_inside_wrappers(network):
    rows = StandardScaler().fit_transform(X)
    expected = clone(network).fit(rows, CLASSES)
    inner = make_pipeline(StandardScaler(), FixedThresholdClassifier(clone(network)))
    frozen = FrozenEstimator(clone(inner).fit(X, CLASSES))
    for model in (
        GridSearchCV(clone(inner), {"standardscaler__with_mean": [True]}, cv=2),
        make_pipeline("passthrough", FixedThresholdClassifier(clone(inner))),
        FixedThresholdClassifier(frozen),
        make_pipeline(FrozenEstimator(StandardScaler().fit(X)), expected),
    ):
        same_network(model.fit(X, CLASSES), expected, rows)


def test_a_wrapper_that_needs_no_fit():
    network = mlp().fit(X, CLASSES)
    same_network(FixedThresholdClassifier(network), network)
    with pytest.raises(NotFittedError):
        global_importance(FixedThresholdClassifier(mlp()), X)
    with pytest.raises(NotFittedError):
        global_importance(FrozenEstimator(mlp()), X)


def test_wrappers_keep_the_names_of_columns():
    frame = pd.DataFrame(X, columns=list("abc"))
    for model in (
        FixedThresholdClassifier(make_pipeline(StandardScaler(), mlp())),
        FixedThresholdClassifier(mlp()),
        FrozenEstimator(make_pipeline(StandardScaler(), mlp()).fit(frame, CLASSES)),
    ):
        model.fit(frame, CLASSES)
        for found in (
            Explanation.from_estimator(model, frame),
            global_importance(model, frame),
        ):
            assert found.feature_names.tolist() == ["a", "b", "c"]


# Transformed targets


@pytest.mark.parametrize(
    "network",
    [quick_mlp(MLPRegressor, activation="tanh"), ours(GradientLassoRegressor)],
    ids=["mlp", "ours"],
)
def test_a_transformed_target_is_explained_in_its_own_units(network):
    y = np.exp(X[:, 0])
    model = TransformedTargetRegressor(network, func=np.log, inverse_func=np.exp)
    inner = make_pipeline(StandardScaler(), clone(network))
    for each in (model, clone(model).set_params(regressor=inner)):
        each.fit(X, y)
        found = Explanation.from_estimator(each, X, attribution="integrated_gradients")
        assert found.transformed_target and found[:2].transformed_target
        assert found.unit == "units of the transformed target"
        assert "in units of the transformed target" in repr(found)
        np.testing.assert_allclose(found.predictions, each.regressor_.predict(X))
        np.testing.assert_allclose(np.exp(found.predictions), each.predict(X))
    same_network(model, clone(network).fit(X, np.log(y)))


def test_a_target_that_is_not_transformed_keeps_its_units():
    model = TransformedTargetRegressor(quick_mlp(MLPRegressor)).fit(X, X[:, 0])
    found = same_network(model, model.regressor_)
    assert not found.transformed_target
    assert "transformed" not in repr(found)
    np.testing.assert_allclose(found.predictions, model.predict(X))
    inside = make_pipeline(
        StandardScaler(),
        TransformedTargetRegressor(
            TransformedTargetRegressor(quick_mlp(MLPRegressor)),
            transformer=StandardScaler(),
        ),
    )
    found = Explanation.from_estimator(inside.fit(X, X[:, 0]), X)
    assert found.transformed_target  # of the outer one


# Samplers, as in a Pipeline of imbalanced-learn


class Doubling(BaseEstimator):
    """A sampler: it has ``fit_resample`` and cannot transform."""

    def fit_resample(self, X, y):
        twice = np.arange(len(X)).repeat(1 + (np.asarray(y) == "yes"))
        take = X.iloc if hasattr(X, "iloc") else X
        return take[twice], np.asarray(y)[twice]


class SamplingPipeline(Pipeline):
    """Samplers change the rows in ``fit`` and are skipped in ``predict``."""

    def _validate_steps(self):
        pass

    def fit(self, X, y):
        for _, step in self.steps[:-1]:
            if step is None or step == "passthrough":
                continue
            if hasattr(step, "fit_resample"):
                X, y = step.fit_resample(X, y)
            else:
                X = step.fit_transform(X, y)
        self.steps[-1][1].fit(X, y)
        return self

    def _iter(self, with_final=True, filter_passthrough=True):
        for each in super()._iter(with_final, filter_passthrough):
            if not hasattr(each[-1], "fit_resample"):
                yield each


def sampling(*steps):
    return SamplingPipeline([(f"step{k}", step) for k, step in enumerate(steps)])


@pytest.mark.parametrize("network", [mlp(), ours(GradientLassoClassifier)])
@pytest.mark.parametrize(
    "before",
    [
        (StandardScaler(), Doubling()),
        (Doubling(), StandardScaler()),
        (Doubling(), "passthrough", StandardScaler(), None, Doubling()),
        (Doubling(),),
        (Doubling(), Doubling()),
    ],
    ids=range(5),
)
def test_samplers_are_skipped_as_in_predict(before, network):
    frame = pd.DataFrame(X, columns=list("abc"))
    model = sampling(*map(clone_step, before), clone(network)).fit(frame, CLASSES)
    scalers = [step for _, step in model.steps[:-1] if hasattr(step, "mean_")]
    rows = scalers[0].transform(frame) if scalers else frame
    found = Explanation.from_estimator(model, frame)
    network = model.steps[-1][1]
    expected = Explanation.from_estimator(network, rows)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.data, frame)
    assert found.feature_names.tolist() == ["a", "b", "c"]
    p = model.predict_proba(frame)
    np.testing.assert_allclose(found.predictions, np.log(p[:, 1] / p[:, 0]), rtol=1e-6)
    for measure in (global_importance, local_importance):
        np.testing.assert_array_equal(
            measure(model, frame).importances, measure(network, rows).importances
        )


def clone_step(step):
    return clone(step) if hasattr(step, "get_params") else step


def test_samplers_in_wrappers_and_before_encoders():
    table = make_table()
    y = np.where(table["age"] > 40, "yes", "no")
    plain = make_pipeline(encode_and_scale(), mlp())
    expected = Explanation.from_estimator(plain.fit(table, y), table, groups="onehot")
    for model in (
        sampling(encode_and_scale(), FrozenEstimator(plain[-1])),
        FixedThresholdClassifier(
            sampling(encode_and_scale(), FrozenEstimator(plain[-1]))
        ),
        sampling(Identity(), encode_and_scale(), FrozenEstimator(plain[-1])),
        make_pipeline(
            encode_and_scale(), sampling(Identity(), FrozenEstimator(plain[-1]))
        ),
    ):
        found = Explanation.from_estimator(model.fit(table, y), table, groups="onehot")
        np.testing.assert_array_equal(found.values, expected.values)
        assert found.feature_names.tolist() == expected.feature_names.tolist()


class Identity(BaseEstimator):
    """A sampler that leaves the rows as they are."""

    def fit_resample(self, X, y):
        return X, y


def test_noise_floor_and_selection_of_wrapped_networks():
    network = ours(GradientLassoClassifier)
    rows = drawn(60, 3)
    y = np.where(rows[:, 0] > 0, "yes", "no")
    plain = noise_floor(network, rows, y, n_repeats=7, random_state=0)
    for model in (
        FixedThresholdClassifier(network),
        sampling(Identity(), network),
        GridSearchCV(network, {"lam": [network.lam]}, cv=2),
    ):
        wrapped = noise_floor(model, rows, y, n_repeats=7, random_state=0)
        np.testing.assert_array_equal(wrapped.importances, plain.importances)
        selected = SensitivitySelector(model, max_features=2).fit(rows, y)
        expected = global_importance(network.fit(rows, y), rows).importances / 100
        np.testing.assert_array_equal(selected.importances_, expected)


# What is refused


def test_estimators_that_cannot_be_explained(table):
    X = table[SCALED]
    plain = LinearRegression().fit(X, np.arange(12))
    with pytest.raises(TypeError, match="must be a fitted network.*LinearRegr"):
        Explanation.from_estimator(make_pipeline(scaled(), plain), X)
    search = GridSearchCV(Linear(), {"n_outputs": [None]}, refit=False)
    with pytest.raises(TypeError, match="refit=True.*got GridSearchCV"):
        explained(search, X)


@pytest.mark.parametrize(
    "unfitted",
    [Linear(), make_pipeline(scaled(), Linear()), GridSearchCV(Linear(), {})],
    ids=["network", "pipeline", "search"],
)
def test_estimators_that_are_not_fitted(unfitted):
    with pytest.raises(NotFittedError):
        Explanation.from_estimator(unfitted, np.eye(3))


@pytest.mark.parametrize("measure", MEASURES)
def test_models_without_slopes_are_refused(measure):
    X, y = drawn(20, 3), drawn(20, 2)
    forest = RandomForestRegressor(2, max_depth=2).fit(X, y[:, 0])
    several = MultiOutputRegressor(quick_mlp(MLPRegressor)).fit(X, y)
    for model in (forest, several, make_pipeline(StandardScaler(), forest).fit(X, y)):
        with pytest.raises(TypeError, match="got (RandomForest|MultiOutput)Regressor"):
            measure(model, X)


@pytest.mark.parametrize("measure", MEASURES)
def test_models_that_are_not_fitted_are_refused(measure):
    with pytest.raises(NotFittedError):
        measure(MLPRegressor(), drawn(20, 3))
    with pytest.raises(TypeError):
        measure("a network", drawn(20, 3))


def test_ensembles_are_refused():
    for model, hint in (
        (VotingClassifier([("a", mlp()), ("b", mlp())]), "members of an ensemble"),
        (BaggingClassifier(mlp(), n_estimators=2), "members of an ensemble"),
        (CalibratedClassifierCV(mlp(), cv=2, ensemble=True), "averages 2 networks"),
    ):
        model.fit(X, CLASSES)
        name = type(model).__name__
        for call in (Explanation.from_estimator, *MEASURES):
            with pytest.raises(TypeError, match=f"got {name}.*{hint}"):
                call(model, X)
