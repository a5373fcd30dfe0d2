"""Sensitivity: the slopes of networks whose slopes are known."""

import inspect

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from helpers.known_slopes import (
    A,
    Bowl,
    W,
    central_differences,
    drawn,
    linear,
    quick_mlp,
    root_mean_square,
    shares,
    slopes_by_autograd,
)
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

from sklearn_gradlasso import (
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLRegressor,
)
from sklearn_gradlasso.sensitivity import (
    global_importance,
    interaction_importance,
    lag_importance,
    local_importance,
)
from sklearn_gradlasso.sensitivity._slopes import Resampling

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


# Global importance


@pytest.mark.parametrize("shift", [0, 100])
def test_a_linear_module_has_the_shares_of_its_weights(shift):
    found = global_importance(linear(W[:1]), drawn(50, 3) + shift)
    np.testing.assert_allclose(found.importances, shares(np.abs(W[0])), rtol=1e-12)
    assert found.importances.sum() == pytest.approx(100)
    assert found.intervals is None and found.confidence_level is None


@pytest.mark.parametrize(
    "model",
    [
        GradientLassoRegressor(hidden_layer_sizes=(), max_iter=2, random_state=0),
        MLPRegressor(
            hidden_layer_sizes=4, activation="identity", max_iter=2, random_state=0
        ),
        MLPRegressor(
            hidden_layer_sizes=(3, 4), activation="identity", max_iter=2, random_state=0
        ),
    ],
    ids=["ours", "one layer", "two layers"],
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_linear_estimators_have_the_shares_of_their_coefficients(model, n_outputs):
    X = drawn(60, 3)
    y = X @ W[:n_outputs].T * [1.0, 50.0][:n_outputs]
    model.fit(X, y if n_outputs > 1 else y[:, 0])
    steps = model.predict(np.eye(3)) - model.predict(np.zeros((1, 3)))
    sizes = np.linalg.norm(steps.reshape(3, n_outputs), axis=1)
    found = global_importance(model, X, target="output")
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-9)


def test_the_root_mean_square_over_all_batches():
    X = drawn(5000, 3) * [1, 2, 5]
    found = global_importance(Bowl(A), X)
    expected = shares(root_mean_square(A * X))
    np.testing.assert_allclose(found.importances, expected, rtol=1e-10)


def test_several_outputs_are_combined_by_their_sum_of_squares():
    sizes = shares(np.linalg.norm(W, axis=0))
    found = global_importance(linear(W), drawn(20, 3), target="output")
    np.testing.assert_allclose(found.importances, sizes)


def test_by_default_a_module_is_asked_for_its_largest_output():
    X = drawn(30, 3)
    module = linear(W)
    with torch.no_grad():
        largest = module(torch.tensor(X)).argmax(dim=1).numpy()
    for target in (None, "predicted_class", "predicted"):
        found = global_importance(module, X, target=target)
        expected = shares(root_mean_square(W[largest]))
        np.testing.assert_allclose(found.importances, expected)


def test_a_target_may_be_a_callable():
    found = global_importance(linear(W), drawn(9, 3), target=lambda out, y: out[:, 1])
    np.testing.assert_allclose(found.importances, shares(np.abs(W[1])))


def test_an_integer_weight_is_repetition():
    X, weight = drawn(5000, 3), np.arange(5000) % 3
    weighted = global_importance(Bowl(A), X, sample_weight=weight)
    repeated = global_importance(Bowl(A), X.repeat(weight, axis=0))
    np.testing.assert_allclose(weighted.importances, repeated.importances, rtol=1e-10)


def test_a_network_that_nothing_moves_has_zeros():
    found = global_importance(linear(0 * W[:1]), drawn(9, 3))
    assert found.importances.tolist() == [0, 0, 0]


@pytest.mark.parametrize("weighted", [False, True])
def test_importances_are_those_of_the_estimator_on_its_training_data(
    cancer, three_classes, two_targets, weighted
):
    shared = {"max_iter": 3, "random_state": 0}
    for model, (X, y) in [
        (GradientLassoClassifier(**shared), cancer),
        (GradientLassoClassifier(early_stopping=True, **shared), three_classes),
        (GradientLassoRegressor(**shared), two_targets),
    ]:
        weight = np.arange(len(X)) % 3 if weighted else None
        model.fit(X, y, sample_weight=weight)
        found = global_importance(model, X, sample_weight=weight)
        expected = 100 * model.feature_importances_
        np.testing.assert_allclose(found.importances, expected, rtol=1e-10)


def test_a_network_of_features_that_explains_itself_has_slopes_too():
    X = drawn(60, 3)
    model = NGSLLRegressor(n_nonzero_coefs=2, max_iter=2, random_state=0)
    model.fit(X, X[:, 0])
    slopes = central_differences(model.predict, X)
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


# Scikit-learn's networks


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_mlp_regressors_against_differences_of_predict(activation, n_outputs):
    X = drawn(60, 3)
    y = X @ W[:n_outputs].T
    model = quick_mlp(MLPRegressor, activation=activation)
    model.fit(X, y if n_outputs > 1 else y[:, 0])
    slopes = central_differences(model.predict, X).reshape(60, 3, n_outputs)
    sizes = np.sqrt((slopes**2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X)
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


@pytest.mark.skipif(
    "loss" not in inspect.signature(MLPRegressor).parameters,
    reason="this scikit-learn has no Poisson loss",
)
def test_a_poisson_regressor_has_the_slopes_of_its_predictions():
    X = drawn(60, 3)
    y = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    model = quick_mlp(MLPRegressor, loss="poisson").fit(X, y)
    slopes = central_differences(model.predict, X)
    assert not np.allclose(
        slopes, central_differences(np.log, model.predict(X)[:, None])
    )
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


def test_mlp_of_float32():
    X = drawn(60, 3).astype(np.float32)
    model = quick_mlp(MLPRegressor, activation="tanh").fit(X, X[:, 0])
    double = quick_mlp(MLPRegressor, activation="tanh").fit(X.astype(float), X[:, 0])
    double.coefs_ = [each.astype(float) for each in model.coefs_]
    double.intercepts_ = [each.astype(float) for each in model.intercepts_]
    np.testing.assert_allclose(
        global_importance(model, X).importances,
        global_importance(double, X).importances,
        rtol=1e-4,
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_classifier_of_two_classes_has_the_slopes_of_the_log_odds(activation):
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, X[:, 0] > 0)

    def log_odds(X):
        log_proba = model.predict_log_proba(X)
        return log_proba[:, 1] - log_proba[:, 0]

    slopes = central_differences(log_odds, X)
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_classifier_of_three_classes_has_the_slopes_of_the_predicted_one(activation):
    X = drawn(60, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    model = quick_mlp(MLPClassifier, activation=activation).fit(X, y)
    predicted = model.predict(X)
    slopes = central_differences(model.predict_log_proba, X)
    slopes = slopes[np.arange(60), :, predicted]
    found = global_importance(model, X)
    np.testing.assert_allclose(
        found.importances, shares(root_mean_square(slopes)), rtol=1e-5
    )


def test_a_classifier_of_many_labels_has_the_slopes_of_all_their_log_odds():
    X = drawn(60, 3)
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, X[:, :2] > 0)

    def log_odds(X):
        p = model.predict_proba(X)
        return np.log(p / (1 - p))

    sizes = np.sqrt((central_differences(log_odds, X) ** 2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X)
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)


def test_targets_by_name_for_mlp_classifiers():
    X = drawn(60, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    model = quick_mlp(MLPClassifier, activation="tanh").fit(X, y)
    slopes = central_differences(model.predict_proba, X)
    sizes = np.sqrt((slopes**2).sum(axis=2).mean(axis=0))
    found = global_importance(model, X, target="probabilities")
    np.testing.assert_allclose(found.importances, shares(sizes), rtol=1e-5)
    with pytest.raises(ValueError, match="'log_odds' needs two classes, got 3"):
        global_importance(model, X, target="log_odds")


def test_sparse_rows_count_like_dense_ones():
    X = np.where(drawn(60, 3) > 0, drawn(60, 3, seed=1), 0)
    for model in (
        quick_mlp(MLPRegressor).fit(X, X[:, 0]),
        GradientLassoRegressor(max_iter=2, random_state=0).fit(X, X[:, 0]),
        linear(W[:1]),
    ):
        dense = global_importance(model, X).importances
        sparse = global_importance(model, sp.csr_matrix(X)).importances
        np.testing.assert_array_equal(sparse, dense)


# Forms of the model


def test_pipelines_and_searches_around_the_same_network():
    X = drawn(60, 3) * [1, 10, 100]
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


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_skorch_net_that_regresses_has_the_slopes_of_all_its_outputs(n_outputs):
    X = drawn(60, 3).astype(np.float32)
    net = NeuralNetRegressor(
        nn.Linear,
        module__in_features=3,
        module__out_features=n_outputs,
        max_epochs=1,
        verbose=0,
        train_split=None,
    )
    net.fit(X, X[:, :n_outputs])
    weight = net.module_.weight.detach().numpy()
    expected = shares(np.linalg.norm(weight, axis=0))
    np.testing.assert_allclose(
        global_importance(net, X).importances, expected, rtol=1e-5
    )
    model = make_pipeline(StandardScaler(), net).fit(X, X[:, :n_outputs])
    weight = model[-1].module_.weight.detach().numpy()
    expected = shares(np.linalg.norm(weight, axis=0))
    np.testing.assert_allclose(
        global_importance(model, X).importances, expected, rtol=1e-5
    )


def dropping():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 1)
    ).double()


@pytest.mark.parametrize(
    "measure", [global_importance, local_importance, interaction_importance]
)
def test_a_module_is_left_as_found(measure):
    X, module = drawn(20, 3), dropping().train()
    module[2].eval()
    modes = [part.training for part in module.modules()]
    before = torch.get_rng_state()
    first, again = measure(module, X), measure(module, X)
    np.testing.assert_array_equal(first.importances, again.importances)
    assert [part.training for part in module.modules()] == modes
    assert all(p.grad is None and p.requires_grad for p in module.parameters())
    assert torch.equal(torch.get_rng_state(), before)
    evaluated = measure(dropping().eval(), X)
    np.testing.assert_array_equal(first.importances, evaluated.importances)


def test_a_module_is_left_as_found_by_an_error():
    module = dropping().train()
    with pytest.raises(ValueError, match="cannot take rows of shape"):
        global_importance(module, drawn(20, 4))
    X = drawn(20, 3)
    X[3] = 1e300
    overflowing = nn.Sequential(linear(1e10 * W[:1]), nn.Dropout(0.5)).train()
    with pytest.raises(ValueError, match="output is infinite or NaN"):
        global_importance(overflowing, X)
    for each in (module, overflowing):
        assert all(part.training for part in each.modules())


def test_the_slopes_of_a_module_by_autograd():
    X, module = drawn(20, 3), dropping().eval()
    slopes = slopes_by_autograd(module, X)
    np.testing.assert_allclose(
        global_importance(module, X).importances, shares(root_mean_square(slopes))
    )


def test_a_convolutional_network_keeps_the_shape_of_a_row():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(32, 1)
    ).double()
    X = drawn(20, 1, 6, 6)
    slopes = slopes_by_autograd(network, X)
    found = global_importance(network, X)
    assert found.importances.shape == found.feature_names.shape == (1, 6, 6)
    np.testing.assert_allclose(found.importances, shares(root_mean_square(slopes)))
    local = local_importance(network, X)
    total = (slopes**2).sum(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(local.importances, 100 * slopes**2 / total)
    assert local.to_frame().shape == (20, 36)
    assert found.to_frame().feature[7] == found.feature_names[0, 1, 1] == "x0_1_1"


# Names and groups


def test_names_come_from_the_frame_the_argument_or_numbers():
    frame = pd.DataFrame(drawn(20, 3), columns=["age", "size", "mass"])
    model = quick_mlp(MLPRegressor).fit(frame, frame["age"])
    found = global_importance(model, frame)
    assert found.feature_names.tolist() == ["age", "size", "mass"]
    table = found.to_frame()
    assert table.columns.tolist() == ["feature", "importance"]
    assert table.feature.tolist() == ["age", "size", "mass"]
    np.testing.assert_array_equal(table.importance, found.importances)
    named = global_importance(model, frame, feature_names=["a", "b", 3])
    assert named.feature_names.tolist() == ["a", "b", "3"]
    alone = global_importance(linear(W[:1]), frame.to_numpy())
    assert alone.feature_names.tolist() == ["x0", "x1", "x2"]
    of_module = global_importance(linear(W[:1]), frame)
    assert of_module.feature_names.tolist() == ["age", "size", "mass"]


def test_a_group_is_the_sum_of_its_features():
    X = drawn(20, 3)
    groups = {"both": ["x2", "x0"]}
    single, grouped = (
        global_importance(Bowl(A), X, groups=each).importances
        for each in (None, groups)
    )
    np.testing.assert_allclose(grouped, [single[0] + single[2], single[1]])
    single = local_importance(Bowl(A), X)
    grouped = local_importance(Bowl(A), X, groups=groups)
    assert grouped.feature_names.tolist() == ["both", "x1"]
    expected = np.stack(
        [single.importances[:, [0, 2]].sum(1), single.importances[:, 1]]
    )
    np.testing.assert_allclose(grouped.importances, expected.T)


@pytest.fixture
def colours():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "colour": rng.choice(["red", "blue", "green"], 60),
            "size": rng.normal(size=60),
        }
    )
    columns = ColumnTransformer(
        [("hot", OneHotEncoder(), ["colour"]), ("scaled", StandardScaler(), ["size"])]
    )
    y = (frame["colour"] == "red") * frame["size"]
    return make_pipeline(columns, quick_mlp(MLPRegressor)).fit(frame, y), frame


def test_onehot_children_return_to_their_column(colours):
    single = global_importance(*colours)
    grouped = global_importance(*colours, groups="onehot", confidence_level=0.9)
    assert len(single.importances) == 4
    assert grouped.feature_names.tolist() == ["colour", "scaled__size"]
    np.testing.assert_allclose(
        grouped.importances, [single.importances[:3].sum(), single.importances[3]]
    )
    assert grouped.intervals.shape == (2, 2)
    with pytest.raises(TypeError, match="groups must be a dict.*got 'colour'"):
        global_importance(*colours, groups="colour")


def test_onehot_children_return_to_their_column_in_each_row(colours):
    single = local_importance(*colours)
    grouped = local_importance(*colours, groups="onehot")
    np.testing.assert_allclose(
        grouped.importances[:, 0], single.importances[:, :3].sum(axis=1)
    )
    np.testing.assert_allclose(grouped.importances.sum(axis=1), 100)


# Local importance


def test_local_importance_is_the_share_of_the_squared_slope():
    X = drawn(5000, 3)
    found = local_importance(Bowl(A), X)
    squares = (A * X) ** 2
    expected = 100 * squares / squares.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.importances, expected, rtol=1e-10)
    assert found.index is None


def test_local_importance_adds_the_squares_of_several_outputs():
    squares = (W**2).sum(axis=0)
    found = local_importance(linear(W), drawn(4, 3), target="output")
    np.testing.assert_allclose(found.importances, np.tile(shares(squares), (4, 1)))


def test_a_row_where_nothing_moves_the_network_has_zeros():
    X = np.array([[0.0, 0, 0], [0, 3, 0]])
    assert local_importance(Bowl(A), X).importances.tolist() == [[0] * 3, [0, 100, 0]]


def test_a_frame_of_local_importances_has_the_labels_of_the_rows():
    frame = pd.DataFrame(drawn(2, 3), columns=list("abc"), index=["first", "second"])
    table = local_importance(linear(W[:1]), frame).to_frame()
    assert table.index.tolist() == ["first", "second"]
    assert table.columns.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(table.loc["second"], shares(W[0] ** 2))


# Intervals


def width(found):
    return np.ptp(found.intervals, axis=-1)


def resampled(module, X, **options):
    shared = {"confidence_level": 0.9, "n_resamples": 300, "random_state": 0}
    return global_importance(module, X, **{**shared, **options})


@pytest.mark.parametrize("n", [200, 5000])
def test_intervals_are_those_of_the_ordinary_bootstrap(n):
    X = drawn(n, 3) * [1, 2, 3]
    found = resampled(Bowl(A), X, n_resamples=1000)
    lower, upper = found.intervals.T
    assert (lower < found.importances).all() and (found.importances < upper).all()
    counts = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=1000)
    sizes = np.sqrt(counts @ (A * X) ** 2)
    expected = np.quantile(
        100 * sizes / sizes.sum(axis=1, keepdims=True), [0.05, 0.95], axis=0
    )
    np.testing.assert_allclose(width(found), np.ptp(expected, axis=0), rtol=0.15)
    np.testing.assert_allclose(found.intervals.mean(1), expected.mean(0), rtol=0.01)


def test_intervals_shrink_with_the_root_of_the_number_of_rows():
    few, many = (width(resampled(Bowl(A), drawn(n, 3))) for n in (250, 4000))
    np.testing.assert_allclose(few / many, 4, rtol=0.25)


def test_intervals_follow_the_level():
    X = drawn(200, 3)
    narrow = resampled(Bowl(A), X, confidence_level=0.5).intervals
    wide = resampled(Bowl(A), X, confidence_level=0.99).intervals
    assert (wide[:, 0] < narrow[:, 0]).all() and (narrow[:, 1] < wide[:, 1]).all()


def test_intervals_follow_the_seed():
    X = drawn(200, 3)
    first, again, other = (
        resampled(Bowl(A), X, random_state=seed).intervals for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_repeated_rows_count_once_in_blocks_of_their_length():
    X = drawn(200, 3)
    once = resampled(Bowl(A), X)
    repeated = X.repeat(10, axis=0)
    blocks = resampled(Bowl(A), repeated, block_length=10)
    np.testing.assert_allclose(blocks.intervals, once.intervals)
    naive = resampled(Bowl(A), repeated)
    np.testing.assert_allclose(width(once) / width(naive), np.sqrt(10), rtol=0.25)


def test_a_weight_of_zero_keeps_a_row_out_of_the_resamples():
    X = drawn(200, 3)
    weight = np.r_[np.ones(100), np.zeros(100)]
    half = resampled(Bowl(A), X[:100])
    weighted = resampled(Bowl(A), X, sample_weight=weight)
    np.testing.assert_allclose(weighted.importances, half.importances)
    np.testing.assert_allclose(width(weighted), width(half), rtol=0.25)


def test_blocks_may_cross_batches():
    generator = np.random.default_rng(0)
    counts = Resampling(20, 30, generator).counts()
    parts = np.hstack(
        [counts(0, 50), counts(50, 55), counts(55, 190), counts(190, 200)]
    )
    assert parts.shape == (20, 200)
    blocks = parts[:, ::30]
    np.testing.assert_array_equal(parts, blocks.repeat(30, axis=1)[:, :200])
    assert len(np.unique(blocks, axis=1).T) == 7


def test_intervals_are_columns_of_the_frame():
    table = resampled(Bowl(A), drawn(50, 3)).to_frame()
    assert table.columns.tolist() == ["feature", "importance", "lower", "upper"]
    assert (table.lower < table.upper).all()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"confidence_level": 0}, "confidence_level"),
        ({"confidence_level": 1}, "confidence_level"),
        ({"n_resamples": 1}, "n_resamples"),
        ({"block_length": 0}, "block_length"),
    ],
)
def test_bad_bootstraps(options, name):
    with pytest.raises(ValueError, match=f"{name} =="):
        resampled(Bowl(A), drawn(9, 3), **options)


# What is refused


MEASURES = [global_importance, local_importance, lag_importance, interaction_importance]


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


@pytest.mark.parametrize("measure", MEASURES)
def test_token_ids_cannot_be_differentiated(measure):
    network = nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(6, 1))
    with pytest.raises(ValueError, match="token ids cannot be differentiated"):
        measure(network, np.array([[1, 2, 3], [0, 0, 4]]))


@pytest.mark.parametrize("measure", MEASURES)
def test_two_views_of_a_row_are_refused(measure):
    X = drawn(40, 3)
    model = NGSLLRegressor(
        simplify=FunctionTransformer(), n_nonzero_coefs=1, max_iter=1, random_state=0
    ).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="NGSLLRegressor is for tables without"):
        measure(model, X)


def test_bad_names_and_weights():
    X = drawn(20, 3)
    with pytest.raises(ValueError, match="feature_names must be 3 names.*got 2"):
        global_importance(Bowl(A), X, feature_names=["a", "b"])
    with pytest.raises(ValueError, match="sample_weight is zero for every row"):
        global_importance(Bowl(A), X, sample_weight=np.zeros(20))
    with pytest.raises(ValueError, match="sample_weight"):
        global_importance(Bowl(A), X, sample_weight=np.ones(19))
