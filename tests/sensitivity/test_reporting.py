"""Importances under the names of features and groups."""

import numpy as np
import pandas as pd
import pytest
from helpers.known_slopes import (
    A,
    Bowl,
    W,
    drawn,
    linear,
    quick_mlp,
)
from sklearn.compose import ColumnTransformer
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_gradlasso.sensitivity import (
    global_importance,
    local_importance,
)


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


def test_bad_names_and_weights():
    X = drawn(20, 3)
    with pytest.raises(ValueError, match="feature_names must be 3 names.*got 2"):
        global_importance(Bowl(A), X, feature_names=["a", "b"])
    with pytest.raises(ValueError, match="sample_weight is zero for every row"):
        global_importance(Bowl(A), X, sample_weight=np.zeros(20))
    with pytest.raises(ValueError, match="sample_weight"):
        global_importance(Bowl(A), X, sample_weight=np.ones(19))
