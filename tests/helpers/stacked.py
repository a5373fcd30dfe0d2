"""Small networks of one architecture, and a batch for three of them side by side."""

import torch
from torch import nn

from sklearn_gradlasso.modules import MLP, LogProbabilities

N_ROWS, N_NETWORKS, N_FEATURES, N_CLASSES = 12, 3, 4, 3


def mlp(seed, n_outputs=N_CLASSES):
    generator = torch.Generator().manual_seed(seed)
    network = MLP(N_FEATURES, n_outputs, (5,), "tanh", generator)
    return LogProbabilities(network).double()


def normalised(seed):
    first = nn.Linear(N_FEATURES, 5, bias=False)  # which the normalisation would undo
    network = nn.Sequential(first, nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 2))
    network = network.double()
    generator = torch.Generator().manual_seed(seed)
    for theta in network.parameters():
        theta.data = torch.randn(theta.shape, generator=generator, dtype=torch.float64)
    return network


def convolutional(seed):
    network = nn.Sequential(
        nn.Unflatten(1, (1, N_FEATURES)), nn.Conv1d(1, 2, 2), nn.Flatten()
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network[1].reset_parameters()
    return network.double()


def side_by_side():
    """Inputs, classes, weights and annotations, each for three networks."""
    generator = torch.Generator().manual_seed(0)
    shape = N_ROWS, N_NETWORKS
    x = torch.randn(*shape, N_FEATURES, generator=generator, dtype=torch.float64)
    y = torch.randint(N_CLASSES, shape, generator=generator)
    weight = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.1
    annotations = torch.randint(2, x.shape, generator=generator).double()
    return x, y, weight, annotations
