"""Rows of three columns, their classes, and weights of annotations of two of them."""

import numpy as np

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 3))
Y = (X[:, 0] + 0.5 * rng.standard_normal(200) > 0).astype(int)
A = rng.random((200, 3)) * [1, 0, 1]
