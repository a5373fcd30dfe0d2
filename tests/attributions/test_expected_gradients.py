"""Expected and integrated gradients: completeness, exactness, unbiasedness."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from sklearn_gradlasso.attributions import (
    ExpectedGradients,
    Gradients,
    IntegratedGradients,
    _path_integrals,
    by_name,
)
from sklearn_gradlasso.attributions._random_references import other_rows
from sklearn_gradlasso.modules import MLP
from sklearn_gradlasso.objective import Score
from sklearn_gradlasso.targets import true_class

W = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]], dtype=torch.float64)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


X, BACKGROUND = normal(6, 3), normal(40, 3, seed=1) + 1.0
NETWORK = MLP(3, 2, (8,), "tanh", torch.Generator().manual_seed(0)).double()


def curved(x):
    return 3.0 * NETWORK(x)[:, 0] + x[:, 0] * x[:, 1]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def exact(score, x, background, weight=None):
    """All references and 20 nodes of a quadrature."""
    nodes, shares = np.polynomial.legendre.leggauss(20)
    weight = torch.ones(len(background)) if weight is None else weight
    phi = torch.zeros_like(x)
    for reference, of_row in zip(background, weight / weight.sum()):
        for node, share in zip((nodes + 1) / 2, shares / 2):
            z = torch.lerp(reference.expand_as(x), x, float(node))
            phi += of_row * share * (x - reference) * Gradients()(score, z).detach()
    return phi


def test_integrated_gradients_of_a_square_are_the_difference_of_squares():
    baseline = torch.tensor([1.0, 0.0, -2.0], dtype=torch.float64)
    attribution = IntegratedGradients(n_steps=2, baseline=baseline)
    phi = attribution(lambda x: x.square().sum(1), X)
    torch.testing.assert_close(phi, X.square() - baseline.square())


def test_integrated_gradients_add_up_for_every_output_and_shape():
    def score(x):
        return NETWORK(x.reshape(-1, 3))

    x = X.reshape(6, 3, 1)
    phi = IntegratedGradients()(score, x)
    base = IntegratedGradients().base_value(score, x)
    assert phi.shape == (6, 3, 1, 2) and base.shape == (2,)
    torch.testing.assert_close(phi.sum((1, 2)), score(x) - base)


@pytest.mark.parametrize("n_references", [1, 7, 40, 100])
def test_expected_gradients_are_exact_where_the_score_is_linear(n_references):
    weight = torch.rand(40, dtype=torch.float64, generator=generator())
    mean = (weight @ BACKGROUND) / weight.sum()
    attribution = ExpectedGradients(n_references).against(BACKGROUND, weight)
    phi = attribution(lambda x: x @ W.T, X)
    expected = W.T * (X - mean).unsqueeze(-1)
    torch.testing.assert_close(phi, expected)
    base = attribution.base_value(lambda x: x @ W.T, X)
    torch.testing.assert_close(base, W @ mean)


def test_expected_gradients_come_near_the_integral_and_add_up():
    truth = exact(curved, X, BACKGROUND)
    base = ExpectedGradients(background=BACKGROUND).base_value(curved, X)
    error, gap = [], []
    for n_references in (20, 200, 4000):
        phi = ExpectedGradients(n_references, BACKGROUND)(curved, X)
        error.append((phi - truth).abs().mean() / truth.abs().mean())
        gap.append((phi.sum(1) - (curved(X) - base)).abs().max())
    assert error[0] < 0.3 and error[1] < 0.02 and error[2] < 0.001
    assert gap[2] < 0.1 * gap[0]


def test_weights_of_the_background_are_repetition():
    counts = torch.tensor([1, 3] * 20)
    repeated = BACKGROUND.repeat_interleave(counts, dim=0)
    of_weights = ExpectedGradients(500).against(BACKGROUND, counts)(curved, X)
    of_rows = ExpectedGradients(500, repeated)(curved, X)
    torch.testing.assert_close(of_weights, of_rows)
    truth = exact(curved, X, BACKGROUND, counts.double())
    assert (of_weights - truth).abs().max() < 0.02 * truth.abs().max()


def test_explaining_is_deterministic_row_by_row_and_in_any_chunks(monkeypatch):
    attribution = ExpectedGradients(50, BACKGROUND)
    with torch.no_grad():
        phi = attribution(curved, X)
        torch.testing.assert_close(attribution(curved, X[2:4]), phi[2:4])
        for size in (1, 18, 100):
            monkeypatch.setattr(_path_integrals, "VALUES_AT_ONCE", size)
            torch.testing.assert_close(attribution(curved, X), phi)


def test_memory_bounds_what_the_network_sees_at_once(monkeypatch):
    monkeypatch.setattr(_path_integrals, "VALUES_AT_ONCE", 60)
    sizes = []

    def score(x):
        sizes.append(x.numel())
        return curved(x)

    with torch.no_grad():
        ExpectedGradients(50, BACKGROUND[:10])(score, X)
    assert max(sizes) == 54 and sum(sizes) == 30 + 50 * X.numel()


def test_a_constant_shift_of_the_data_does_not_cost_precision():
    shift = 1e6

    def score(x):
        return curved(x - shift)

    phi = ExpectedGradients(100, BACKGROUND)(curved, X)
    far = ExpectedGradients(100, BACKGROUND + shift)(score, X + shift)
    torch.testing.assert_close(far, phi, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n_rows", [6, 5])
@pytest.mark.parametrize("k", [1, 3])
def test_draws_from_the_batch_are_unbiased(n_rows, k):
    x = X[:n_rows]
    others = torch.stack(
        [
            exact(curved, x[i : i + 1], torch.cat([x[:i], x[i + 1 :]]))[0]
            for i in range(n_rows)
        ]
    )
    for each in (AnyRows(), curved):  # in pairs, and with references at random
        attribution = ExpectedGradients(k).drawing_from(generator())
        draws = torch.stack([attribution(each, x).detach() for _ in range(600)])
        error = (draws.mean(0) - others) / (draws.std(0) / 600**0.5)
        assert error.abs().max() < 4.5
        assert draws.std(0).min() > 0


@pytest.mark.parametrize("n_rows", [6, 5])
def test_halves_of_shuffled_rows_are_unbiased(n_rows):
    x, source = X[:n_rows], generator()
    attribution = ExpectedGradients(1).drawing_from(source, shuffled=True)
    draws = []
    for _ in range(600):
        order = torch.randperm(n_rows, generator=source)
        phi = attribution(AnyRows(), x[order]).detach()
        draws.append(phi[order.argsort()])
    draws = torch.stack(draws)
    others = [torch.cat([x[:i], x[i + 1 :]]) for i in range(n_rows)]
    truth = [exact(curved, x[i : i + 1], rows)[0] for i, rows in enumerate(others)]
    error = (draws.mean(0) - torch.stack(truth)) / (draws.std(0) / 600**0.5)
    assert error.abs().max() < 4.5


class AnyRows:
    """A score that any row can be given to."""

    ignores_y = True

    def __call__(self, x):
        return curved(x)


def test_weighted_draws_from_the_batch_are_unbiased():
    weight = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.0, 0.5], dtype=torch.float64)

    class Weighted:
        sample_weight = weight

        def __call__(self, x):
            return curved(x)

    attribution = ExpectedGradients(1).drawing_from(generator())
    draws = torch.stack([attribution(Weighted(), X).detach() for _ in range(600)])
    error = (draws.mean(0) - exact(curved, X, X, weight)) / (draws.std(0) / 600**0.5)
    assert error.abs().max() < 4.5


def test_draws_from_a_background_are_unbiased():
    counts = torch.tensor([1.0, 3.0] * 20)
    drawn = ExpectedGradients(2).against(BACKGROUND, counts).drawing_from(generator())
    draws = torch.stack([drawn(curved, X).detach() for _ in range(600)])
    truth = exact(curved, X, BACKGROUND, counts.double())
    assert ((draws.mean(0) - truth) / (draws.std(0) / 600**0.5)).abs().max() < 4.5


def test_rows_that_are_each_others_reference_share_their_gradient():
    calls = []

    class Counting(AnyRows):
        def __call__(self, x):
            calls.append(len(x))
            return curved(x)

    phi = ExpectedGradients(1).drawing_from(generator())(Counting(), X)
    assert calls == [3]
    for row in phi:  # the partner has the opposite attribution
        assert (phi + row).abs().sum(1).min() < 1e-12
    assert len(torch.unique(phi.abs().sum(1).round(decimals=9))) == 3


def test_a_score_with_targets_goes_with_copies_of_its_rows():
    y = torch.tensor([0, 1, 1, 0, 1, 0])
    network = torch.nn.Sequential(NETWORK, torch.nn.LogSoftmax(1))
    score = Score(network, true_class, y)
    assert not score.ignores_y
    drawn = ExpectedGradients(3).drawing_from(generator())(score, X)
    of_class = [
        ExpectedGradients(3).drawing_from(generator())(
            lambda x, k=k: network(x)[:, k], X
        )
        for k in (0, 1)
    ]
    expected = torch.where((y == 0).unsqueeze(1), *of_class)
    torch.testing.assert_close(drawn, expected)


def test_weights_put_rows_on_a_circle():
    weight = torch.tensor([1.0, 3.0, 2.0])
    source, counts = generator(), torch.zeros(3, 3)
    for _ in range(1500):
        counts[torch.arange(3), other_rows(3, weight, 1, source)[0]] += 1
    expected = (weight / weight.sum()).expand(3, 3)
    torch.testing.assert_close(counts / 1500, expected, atol=0.05, rtol=0)


def test_one_row_is_no_batch():
    attribution = ExpectedGradients(1).drawing_from(generator())
    with pytest.raises(ValueError, match=r"n_samples = 1.*larger batch_size"):
        attribution(curved, X[:1])
    assert (
        ExpectedGradients(9, BACKGROUND).drawing_from(generator())(curved, X[:1]).any()
    )


def test_more_references_than_other_rows_are_all_of_them():
    drawn = ExpectedGradients(50).drawing_from(generator())(curved, X)
    assert drawn.shape == X.shape


def test_a_graph_is_kept_in_both_ways():
    for attribution in (
        ExpectedGradients(2).drawing_from(generator()),
        ExpectedGradients(5, BACKGROUND),
        IntegratedGradients(3),
    ):
        NETWORK.zero_grad()
        attribution(curved, X).abs().sum().backward()
        assert NETWORK[0].weight.grad.abs().max() > 1e-6
    NETWORK.zero_grad()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IntegratedGradients(n_steps=0), "n_steps must be a positive.*got 0"),
        (lambda: ExpectedGradients(2.5), "n_references must be a positive.*2.5"),
        (lambda: IntegratedGradients(baseline=[1.0, 2.0])(curved, X), "baseline"),
        (lambda: ExpectedGradients(5, BACKGROUND[:, :2])(curved, X), "background"),
        (lambda: ExpectedGradients(5, BACKGROUND[:0]), "background must hold finite"),
        (lambda: ExpectedGradients(5, BACKGROUND * np.nan), "background must hold fin"),
        (lambda: ExpectedGradients(5, ["a", "b"]), "background must be numbers"),
        (lambda: ExpectedGradients(5, [1.0, 2.0]), r"must hold rows.*shape \(2,\)"),
        (lambda: ExpectedGradients().against(BACKGROUND, [1.0]), "weight for each row"),
        (lambda: ExpectedGradients().against(BACKGROUND, [-1.0] * 40), "not negative"),
        (lambda: ExpectedGradients().against(BACKGROUND, [0.0] * 40), "not all zero"),
        (lambda: ExpectedGradients().against(None, [1.0]), "for None rows"),
        (lambda: IntegratedGradients(baseline="zero"), "baseline must be numbers"),
        (lambda: IntegratedGradients(baseline=None), "baseline must"),
        (lambda: by_name("shap"), r"one of \['contributions', 'expected_gr"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("container", [pd.DataFrame, sp.csr_array, list, torch.tensor])
def test_a_background_in_any_container(container):
    rows = container(BACKGROUND.numpy())
    expected = ExpectedGradients(9, BACKGROUND)(curved, X)
    torch.testing.assert_close(ExpectedGradients(9, rows)(curved, X), expected)
    row = container(BACKGROUND.numpy()[:1])
    expected = IntegratedGradients(baseline=BACKGROUND[0])(curved, X)
    phi = IntegratedGradients(baseline=row)(curved, X)
    torch.testing.assert_close(phi, expected)
    one = IntegratedGradients(baseline=np.ones((1, 1, 1, 1)))(curved, X)
    torch.testing.assert_close(one, IntegratedGradients(baseline=1.0)(curved, X))


def test_attributions_by_name():
    assert by_name("expected_gradients", n_references=3).n_references == 3
    assert by_name("gradients", n_references=3) == Gradients()
    given = ExpectedGradients(3)
    assert by_name(given) is given
    for wrong in (3, Gradients):
        with pytest.raises(TypeError, match="attribution must be a name"):
            by_name(wrong)


def test_agrees_with_captum():
    captum = pytest.importorskip("captum.attr", reason="captum is not installed")
    module = torch.nn.Sequential(NETWORK)
    ours = ExpectedGradients(2000, BACKGROUND)(lambda x: module(x)[:, 1], X).detach()
    torch.manual_seed(0)
    np.random.seed(0)
    theirs = captum.GradientShap(module).attribute(
        X, BACKGROUND, n_samples=4000, stdevs=0.0, target=1
    )
    torch.testing.assert_close(theirs, ours, atol=0.05 * ours.abs().max(), rtol=0)


@pytest.mark.filterwarnings("ignore")
def test_agrees_with_shap():
    shap = pytest.importorskip("shap", reason="shap is not installed")
    module = MLP(3, 1, (8,), "tanh", generator())
    background, x = BACKGROUND.float(), X.float()
    ours = ExpectedGradients(2000, background)(lambda x: module(x)[:, 0], x).detach()
    explainer = shap.GradientExplainer(module, background)
    theirs = np.asarray(explainer.shap_values(x, nsamples=4000, rseed=0)).reshape(6, 3)
    np.testing.assert_allclose(theirs, ours, atol=0.05 * float(ours.abs().max()))
