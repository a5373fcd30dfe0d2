import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from scipy.sparse.csgraph import laplacian

from sklearn_gradlasso import priors
from sklearn_gradlasso.attributions import ExpectedGradients, Gradients
from sklearn_gradlasso.metrics import gini_index
from sklearn_gradlasso.priors._of_columns import of_columns

PHI = torch.tensor([[1.0, -2.0], [0.0, 3.0]])


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (priors.L1(), [3.0, 3.0]),
        (priors.L2(), [5.0, 9.0]),
        (priors.WrongSign((1, 1)), [2.0, 0.0]),
        (priors.WrongSign((-1, 0)), [1.0, 0.0]),
    ],
)
def test_value(prior, expected):
    torch.testing.assert_close(prior(PHI), torch.tensor(expected))
    twice = torch.stack([PHI, PHI], dim=-1)  # two explained outputs
    torch.testing.assert_close(prior(twice), 2 * torch.tensor(expected))


def test_signs_belong_to_features_of_any_shape():
    phi = torch.arange(-4.0, 4).reshape(1, 2, 2, 2)  # one 2 x 2 sample, two outputs
    cost = priors.WrongSign((0, 1, -1, 0))(phi)
    assert cost.tolist() == [2 + 1 + 0 + 1]


ALL = [
    priors.L1(),
    priors.L2(),
    priors.WrongSign((1, -1, 1, 0)),
    priors.Hoyer(),
    priors.OfColumns(priors.Hoyer(), [[0, 2], [1], [3]]),
    priors.GlobalL2(),
    priors.Gini(),
    priors.TotalVariation((2, 2)),
    priors.GraphLaplacian(np.ones((4, 4))),
]
GLOBAL = [
    priors.GlobalL2(),
    priors.Gini(),
    priors.GraphLaplacian(np.ones((4, 4))),
    priors.OfColumns(priors.GlobalL2(), [[0, 2], [1], [3]]),
]


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


def test_global_priors_are_about_average_magnitudes():
    # a = (0.5, 2.5)
    assert priors.GlobalL2()(PHI).item() == 0.25 + 6.25
    gini = (2 / (2 * 3.0)) * 2  # two pairs |0.5 - 2.5|, over p times the sum
    assert priors.Gini()(PHI).item() == pytest.approx(-gini)
    edge = priors.GraphLaplacian([[9.0, 0.5], [0.5, 0.0]])
    assert edge(PHI).item() == 0.5 * 2.0**2


def test_hoyer_by_hand():
    phi = torch.tensor([[3.0, 0.0, -4.0], [0.0, 2.0, 0.0], [1.0, 1.0, -1.0]])
    expected = torch.tensor([7 / 5, 1.0, 3**0.5])
    torch.testing.assert_close(priors.Hoyer()(phi), expected)
    for scale in (1e-4, 1e20, 1e30):  # the squares of 1e30 are infinite in float32
        torch.testing.assert_close(priors.Hoyer()(scale * phi), expected)
    assert priors.Hoyer()(1e-12 * phi).max() < 1e-5  # rounding errors are not spread


def test_hoyer_does_not_shrink_what_stands_alone():
    phi = torch.tensor([[2.0, 0.5]], requires_grad=True)
    priors.Hoyer()(phi).sum().backward()
    # By hand: 1 / r - (|a| + |b|) a / r ** 3 with r ** 2 = 4.25, and the same for b.
    r = 4.25**0.5
    expected = [1 / r - 2.5 * 2 / r**3, 1 / r - 2.5 * 0.5 / r**3]
    assert phi.grad.tolist()[0] == pytest.approx(expected)
    assert phi.grad[0, 0] < 0 < phi.grad[0, 1]  # descent raises a and lowers b


def test_a_prior_of_columns_adds_up_their_features():
    phi = torch.tensor([[1.0, -2.0, 3.0, 4.0]])
    of_columns = priors.OfColumns(priors.L1(), [[3, 1], [0], [2]])
    assert of_columns(phi).tolist() == [2 + 1 + 3]
    two = torch.stack([phi, -phi], dim=-1)  # two explained outputs
    assert of_columns(two).tolist() == [12]
    assert priors.OfColumns(lambda phi: phi.sum(), [[1, 0], [2, 3]])(phi).item() == 6


@pytest.mark.parametrize("columns", [[], [[]], [[0], [0, 1]], [[0], [2]], [[-1, 0]]])
def test_columns_that_are_none(columns):
    with pytest.raises(ValueError, match=r"columns must hold each position.*once"):
        priors.OfColumns(priors.L1(), columns)


def test_columns_of_other_features_and_priors_that_are_none():
    with pytest.raises(ValueError, match=r"hold 3 features.*shape \(2,\)"):
        priors.OfColumns(priors.L1(), [[0, 1], [2]])(PHI)
    with pytest.raises(TypeError, match="must be a callable"):
        priors.OfColumns(priors.L1, [[0], [1]])


@pytest.mark.parametrize(
    ("prior", "alike"),
    [
        (priors.L1(), True),
        (priors.L2(), True),
        (priors.Hoyer(), True),
        (priors.Gini(), True),
        (priors.GlobalL2(), True),
        (priors.GraphLaplacian(np.ones((3, 3))), False),
        (priors.TotalVariation(3), False),
        (priors.WrongSign((1, 0, 0)), False),
        (lambda phi: phi[:, 2], False),
    ],
)
def test_which_priors_may_be_given_columns(prior, alike):
    assert isinstance(of_columns(prior, [[0, 1], [2]]), priors.OfColumns) is alike
    assert of_columns(prior, [[0], [1], [2]]) is prior  # each feature is a column


def test_gini_is_minus_twice_the_index_of_the_metrics():
    phi = normal(20, 7)
    expected = -2 * gini_index(phi.abs().mean(0).numpy())
    assert priors.Gini()(phi).item() == pytest.approx(expected)
    assert priors.Gini()(1e-30 * phi).item() == pytest.approx(expected)
    assert priors.Gini()(torch.ones(3, 5)).item() == pytest.approx(0)


def test_graph_is_the_quadratic_form_of_its_laplacian():
    graph = sp.random(30, 30, density=0.2, random_state=0)
    graph = graph + graph.T
    phi = normal(8, 30)
    a = phi.abs().mean(0).flatten().numpy()
    expected = a @ (laplacian(graph) @ a)
    cost = priors.GraphLaplacian(graph)(phi).item()
    assert cost == pytest.approx(expected)
    several = torch.stack([phi, 2 * phi], dim=-1)  # two explained outputs
    both = priors.GraphLaplacian(graph)(several).item()
    assert both == pytest.approx(5 * expected)


def test_a_graph_over_20_000_features_stays_sparse():
    p = 20_000
    chain = sp.diags_array([np.ones(p - 1)] * 2, offsets=[-1, 1], format="csr")
    prior = priors.GraphLaplacian(chain)
    phi = torch.arange(p, dtype=torch.float32).expand(2, p).clone().requires_grad_()
    cost = prior(phi)
    assert cost.item() == p - 1
    cost.backward()
    expected = torch.zeros(p)
    expected[0], expected[-1] = 0.0, 1.0  # |phi| has no slope at 0
    torch.testing.assert_close(phi.grad[0], expected)
    stored = [value for value in prior._edges if isinstance(value, np.ndarray)]
    assert sum(value.nbytes for value in stored) < 1e6


@pytest.mark.parametrize(
    ("adjacency", "message"),
    [
        ([[0, 1], [0, 0]], "must be symmetric"),
        ([[0, -1], [-1, 0]], "not negative"),
        ([[0, np.nan], [np.nan, 0]], "finite"),
        (np.ones((2, 3)), r"must have shape \(n_features, n_features\), got \(2, 3\)"),
        (1j * np.ones((2, 2)), "real numbers"),
        (np.ones((0, 0)), r"must have shape \(n_features, n_features\), got \(0, 0\)"),
        ("graph", "must be a sparse matrix or an array of real numbers"),
    ],
)
def test_graphs_that_are_none(adjacency, message):
    with pytest.raises(ValueError, match=message):
        priors.GraphLaplacian(adjacency)


def test_a_graph_of_other_features():
    with pytest.raises(ValueError, match=r"has 2 nodes.*shape \(4,\)"):
        priors.GraphLaplacian(np.ones((2, 2)))(normal(3, 4))
    with pytest.raises(ValueError, match=r"has 3 nodes.*shape \(2,\)"):
        priors.GraphLaplacian(np.ones((3, 3)))(PHI)


def test_an_empty_graph_costs_nothing():
    assert priors.GraphLaplacian(sp.csr_array((4, 4)))(normal(3, 4)).item() == 0


def test_total_variation_by_hand():
    image = torch.tensor([[[0.0, 1.0, 3.0], [2.0, 2.0, 2.0]]])
    std = image.std(correction=0).item()
    cost = priors.TotalVariation((2, 3))(image)
    differences = (1 + 2) + (0 + 0) + (2 + 1 + 1)
    assert cost.item() == pytest.approx(differences / std)
    assert priors.TotalVariation((2, 3))(100 * image) == pytest.approx(cost)
    two = torch.stack([image, 3 * image], dim=-1)  # each output with its own scale
    assert priors.TotalVariation((2, 3))(two).item() == pytest.approx(14 / std)


def test_channels_and_sequences():
    rows = torch.tensor([[1.0, 1.0, 5.0, 5.0]])  # of standard deviation 2
    channels = priors.TotalVariation((2, 1, 2))
    assert channels(rows).tolist() == [0.0]
    assert priors.TotalVariation((1, 2, 2))(rows).tolist() == [2 * 4.0 / 2]
    sequence = priors.TotalVariation(4)
    assert sequence(rows).tolist() == [4.0 / 2]
    assert channels(rows.reshape(1, 2, 1, 2)).tolist() == [0.0]


@pytest.mark.parametrize(
    "shape", [(), (2, 0), (1, 2, 3, 4), "ab", (2.0, 2), 5.0, None, (True, 2)]
)
def test_shapes_that_are_none(shape):
    with pytest.raises(ValueError, match="TotalVariation: shape must be"):
        priors.TotalVariation(shape)


def test_a_map_of_rounding_errors_does_not_count():
    noise = 1e-9 * normal(1, 4)
    assert priors.TotalVariation((2, 2))(noise).item() < 0.01
    assert priors.TotalVariation((2, 2))(1e9 * noise).item() > 1


def test_an_image_of_another_size():
    with pytest.raises(ValueError, match=r"shape=\(4,\) has 4 values.*\(8,\)"):
        priors.TotalVariation(np.int64(4))(normal(5, 8))
    with pytest.raises(ValueError, match=r"shape=\(2, 2\) has 4 values.*\(3,\)"):
        priors.TotalVariation((2, 2))(normal(5, 3))


@pytest.mark.parametrize("prior", GLOBAL, ids=lambda prior: type(prior).__name__)
def test_integer_weights_mean_repetition(prior):
    phi, counts = normal(5, 4), torch.tensor([1, 3, 1, 2, 1])
    weighted = prior(phi, sample_weight=counts.double())
    repeated = prior(phi.repeat_interleave(counts, dim=0))
    torch.testing.assert_close(weighted, repeated)
    assert not torch.isclose(weighted, prior(phi))


@pytest.mark.parametrize("prior", ALL, ids=lambda prior: type(prior).__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_attribution_gives_nan(prior, dtype):
    one = torch.zeros(3, 4)
    one[0, 0] = 1.0
    for phi in (torch.zeros(3, 4), one, torch.ones(3, 4), -torch.ones(3, 4)):
        for power in range(-45, 13):
            phi_scaled = (10.0**power * phi).to(dtype).requires_grad_()
            cost = prior(phi_scaled)
            cost.sum().backward()
            assert cost.isfinite().all()
            assert phi_scaled.grad.isfinite().all()


@pytest.mark.parametrize("prior", ALL, ids=lambda prior: type(prior).__name__)
def test_gradgradcheck(prior):
    weight = normal(4, 5, seed=3)

    def score(x):
        return (x @ weight).tanh().square().sum(1)

    def cost(x):
        return prior(Gradients()(score, x)).sum()

    assert torch.autograd.gradgradcheck(cost, normal(3, 4).requires_grad_())


@pytest.mark.parametrize("prior", ALL, ids=lambda prior: type(prior).__name__)
def test_gradient_with_respect_to_weights_through_expected_gradients(prior):
    x, background = normal(3, 4), normal(6, 4, seed=1)

    def cost(weight):
        attribution = ExpectedGradients(5, background)
        return prior(attribution(lambda x: (x @ weight).tanh().sum(1), x)).sum()

    weight = normal(4, 3, seed=2).requires_grad_()
    assert torch.autograd.gradcheck(cost, weight)
    assert torch.autograd.gradgradcheck(cost, weight)
    assert torch.autograd.grad(cost(weight), weight)[0].abs().max() > 1e-3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gini", priors.Gini()),
        ("global_l2", priors.GlobalL2()),
        ("hoyer", priors.Hoyer()),
        ("l1", priors.L1()),
        ("l2", priors.L2()),
        ("total_variation", priors.TotalVariation((2, 3))),
        (abs, abs),
    ],
)
def test_priors_by_name(name, expected):
    assert priors.by_name(name, (2, 3)) == expected


@pytest.mark.parametrize(
    ("prior", "kind", "message"),
    [
        ("smooth", ValueError, r"prior must be one of \['gini'.*got 'smooth'"),
        ("total_variation", ValueError, "is about images: give input_shape"),
        (priors.Gini, TypeError, r"got the class Gini; write Gini\(\)"),
        (3, TypeError, "prior must be a name or a callable.*got int"),
    ],
)
def test_names_of_no_prior(prior, kind, message):
    with pytest.raises(kind, match=message):
        priors.by_name(prior, (6,))


def test_a_graph_survives_copies_and_pickles():
    graph = priors.GraphLaplacian(sp.csr_array(np.ones((4, 4))))
    phi = normal(3, 4)
    for again in (copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert again(phi) == graph(phi)
