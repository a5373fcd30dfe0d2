"""Networks whose slopes are known, and slopes by other means."""

import numpy as np
import torch
from torch import nn

W = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -1.0]])


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def shares(sizes):
    return 100 * sizes / sizes.sum()


def root_mean_square(slopes):
    return np.sqrt(np.mean(slopes**2, axis=0))


def central_differences(f, X, step=1e-6):
    """Slopes of f along each column, of shape (n, d) or (n, d, m)."""
    ways = step * np.eye(X.shape[1])
    return np.stack([(f(X + w) - f(X - w)) / (2 * step) for w in ways], axis=1)


def slopes_by_autograd(module, X):
    x = torch.tensor(X, requires_grad=True)
    (slopes,) = torch.autograd.grad(module(x).sum(), x)
    return slopes.numpy()


def linear(weight):
    layer = nn.Linear(weight.shape[1], weight.shape[0]).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
    return layer


class Bowl(nn.Module):
    """f(x) = sum_j a_j x_j^2 / 2, of slopes a_j x_j."""

    def __init__(self, a):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

    def forward(self, x):
        return (self.a * x.square() / 2).sum(dim=1, keepdim=True)


A = np.array([1.0, -2.0, 0.5])


def quick_mlp(kind, **params):
    return kind(hidden_layer_sizes=(5, 4), max_iter=5, random_state=0, **params)
