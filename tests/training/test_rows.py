"""Batches: each row once, with what belongs to it."""

import numpy as np
import torch

from sklearn_gradlasso.training.rows import Batches, Rows


def rows(X, **extras):
    return Rows(
        X,
        np.arange(len(X)),
        extras,
        feature_shape=X.shape[1:],
        dtype=torch.float64,
        device="cpu",
    )


def test_batches__each_row_comes_once_in_a_new_order_with_what_belongs_to_it():
    X = np.arange(10.0)[:, None]
    batches = Batches(rows(X, sample_weight=X[:, 0]), 4, torch.Generator())
    orders = []
    for _ in range(2):
        seen = []
        for batch in batches:
            x, y = batch
            assert torch.equal(x[:, 0].long(), y)
            assert torch.equal(x[:, 0], batch.extras["sample_weight"])
            seen += y.tolist()
        assert sorted(seen) == list(range(10))
        orders.append(seen)
    assert orders[0] != orders[1]
    assert len(batches) == 3


def test_batches__without_a_generator_are_views_of_the_data():
    data = rows(np.zeros((10, 2)))
    x, _ = next(iter(Batches(data, 4)))
    assert x.data_ptr() == data.X.data_ptr()


def test_batches__a_last_row_alone_joins_the_batch_before_it():
    X = np.zeros((9, 1))
    for generator in (None, torch.Generator()):
        sizes = [len(x) for x, _ in Batches(rows(X), 4, generator)]
        assert sizes == [4, 5]
    assert [len(x) for x, _ in Batches(rows(X), 1)] == [1] * 9
