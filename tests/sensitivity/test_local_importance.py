"""Local importance: shares of the squared slopes of a row."""

import numpy as np
import pandas as pd
from helpers.known_slopes import (
    A,
    Bowl,
    W,
    drawn,
    linear,
    shares,
)

from sklearn_gradlasso.sensitivity import (
    local_importance,
)


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
