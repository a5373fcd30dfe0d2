"""The K-hot gate against its equations, and the networks that generate weights."""

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_gradlasso.estimators.ngsll.sparse_local_linear import SparseLocalLinear
from sklearn_gradlasso.estimators.ngsll.view_layout import Layout
from sklearn_gradlasso.modules import KHotGate, SentenceCNN, SmallCNN, WeightGenerator

W = torch.tensor([[0.5, -2.0, 1.0, 0.1], [3.0, 0.2, -0.3, 1.0]], dtype=torch.float64)
ALLOWED = torch.tensor([[True, False, True, True], [True, True, True, False]])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def by_the_equations(w, allowed, n_open, temperature, generator):
    """Equations 4 to 8 of the paper, one row and one draw after the other."""
    n, d = w.shape
    draws = [
        -torch.empty(n, d, dtype=w.dtype).exponential_(generator=generator).log()
        for _ in range(n_open)
    ]
    total = np.zeros((n, d))
    for i in range(n):
        square = w[i].numpy() ** 2
        log_pi = square - np.log(np.exp(square).sum())
        mask = ~allowed[i].numpy()
        for gumbel in draws:
            if mask.all():
                break
            power = np.exp((log_pi + gumbel[i].numpy()) / temperature)
            power[mask] = 0
            gate = power / power.sum()
            total[i] += gate
            mask[gate.argmax()] = True
    return total


@pytest.mark.parametrize("n_open", [1, 2, 3, 4])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
@pytest.mark.parametrize("allowed", [ALLOWED, torch.ones(2, 4, dtype=torch.bool)])
def test_drawn_gates_are_the_papers(n_open, temperature, allowed):
    gate = KHotGate(n_open, temperature, generator=seeded())(W, allowed)
    expected = by_the_equations(W, allowed, n_open, temperature, seeded())
    np.testing.assert_allclose(gate, expected, atol=1e-12)
    assert not gate[~allowed].any()
    n_allowed = torch.clamp(allowed.sum(dim=1), max=n_open).double()
    torch.testing.assert_close(gate.sum(dim=1), n_allowed)


def test_the_gate_may_see_weights_in_another_unit():
    small = KHotGate(2, 0.5, scale=10.0, generator=seeded())(W / 10)
    torch.testing.assert_close(small, KHotGate(2, 0.5, generator=seeded())(W))


def test_features_are_drawn_as_often_as_their_probability_says():
    w = torch.tensor([[1.0, 0.5, -1.2, 0.0]]).expand(20_000, -1)
    drawn = (
        KHotGate(1, 0.01, generator=seeded())(w).argmax(dim=1).bincount(minlength=4)
        / 20_000
    )
    probability = w[0].square().softmax(dim=0)
    assert (drawn - probability).abs().max() < 0.02  # 6 standard deviations


def test_noise_comes_from_the_generator_alone():
    before = torch.random.get_rng_state()
    one, same, other = (KHotGate(2, 1.0, generator=seeded(s))(W) for s in (3, 3, 4))
    torch.testing.assert_close(one, same, rtol=0, atol=0)
    assert (one != other).any()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_gradients_pass_the_gate():
    w = W.clone().requires_grad_()

    def gated(w):
        return KHotGate(2, 0.7, generator=seeded())(w, ALLOWED) * w

    assert torch.autograd.gradcheck(gated, w)
    (gradient,) = torch.autograd.grad(gated(w).square().sum(), w)
    assert (gradient[ALLOWED] != 0).all() and not gradient[~ALLOWED].any()


def test_in_evaluation_the_largest_open():
    gate = KHotGate(2).eval()
    assert gate(W).tolist() == [[0, 1, 1, 0], [1, 0, 0, 1]]
    assert gate(W, ALLOWED).tolist() == [[1, 0, 1, 0], [1, 0, 1, 0]]
    assert KHotGate(9).eval()(W, ALLOWED).tolist() == ALLOWED.tolist()
    nothing = torch.zeros(2, 4, dtype=torch.bool)
    assert not gate(W, nothing).any() and not gate.train()(W, nothing).any()


def test_tiny_and_huge_weights_keep_their_order():
    w = torch.tensor([[1e-30, 2e-30, 0.0], [3e25, 2e25, 1.0]])
    assert KHotGate(1).eval()(w).tolist() == [[0, 1, 0], [1, 0, 0]]


def test_several_vectors_share_the_gate_by_the_sum_of_squares():
    w = torch.tensor([[[3.0, 0.0], [2.5, 2.5], [0.0, -1.0]]])
    assert KHotGate(1).eval()(w).tolist() == [[0, 1, 0]]
    norm = w.square().sum(dim=2).sqrt()
    torch.testing.assert_close(
        KHotGate(2, 0.5, generator=seeded())(w),
        KHotGate(2, 0.5, generator=seeded())(norm),
    )


def linear_net(layout, n_vectors=1, n_open=2):
    generator = nn.Linear(3, layout.n_simplified * n_vectors).double()
    gate = KHotGate(n_open, 0.3, generator=seeded())
    return SparseLocalLinear(generator, gate, layout, n_vectors)


def test_local_linear_networks_are_z_times_gate_times_w():
    x = torch.randn(5, 3, dtype=torch.float64, generator=seeded())
    z = torch.randn(5, 4, dtype=torch.float64, generator=seeded(1)).relu()
    layout = Layout((3,), 4, "dense", mask_zeros=True)
    inputs = torch.from_numpy(layout.packed(x.numpy(), z.numpy()))
    net = linear_net(layout, n_vectors=2)
    w = net.generator(x).reshape(5, 4, 2)
    gate = KHotGate(2, 0.3, generator=seeded())(w, z != 0)
    expected = torch.einsum("nd,nd,ndm->nm", z, gate, w)
    torch.testing.assert_close(net(inputs), expected)
    hard = KHotGate(2).eval()(w, z != 0)
    expected = torch.einsum("nd,nd,ndm->nm", z, hard, w)
    torch.testing.assert_close(net.eval()(inputs), expected)


def test_gradients_reach_the_weights_of_the_generator():
    layout = Layout((3,), 3, "same", mask_zeros=False)
    net = linear_net(layout, n_open=1)
    x = torch.randn(50, 3, dtype=torch.float64, generator=seeded())
    net(x).square().mean().backward()
    assert all((theta.grad.abs() > 1e-9).all() for theta in net.parameters())


def test_listed_values_are_those_of_a_dense_z():
    x = torch.randn(5, 3, dtype=torch.float64, generator=seeded()).numpy()
    z = torch.randn(5, 4, dtype=torch.float64, generator=seeded(1)).relu().numpy()
    dense, listed = (Layout((3,), 4, kind, True) for kind in ("dense", "listed"))
    net = linear_net(dense, n_vectors=2).eval()
    expected = net(torch.from_numpy(dense.packed(x, z)))
    net.layout = listed
    inputs = torch.from_numpy(listed.packed(x, z))
    torch.testing.assert_close(net(inputs), expected)
    found, index, weights = net.local_models(inputs)
    kept = index >= 0
    assert (torch.from_numpy(z).gather(1, index.clamp(min=0)) == found)[kept].all()
    assert not weights[~kept].any()
    # In training, with one allowed feature in each row, there is nothing to draw.
    z[:, 1:] = 0
    z[:, 0] = 1
    inputs = torch.from_numpy(listed.packed(x, z))
    trained = net.train()(inputs)
    torch.testing.assert_close(trained, net.eval()(inputs))
    trained.sum().backward()
    assert all(theta.grad.abs().sum() > 0 for theta in net.parameters())


@pytest.mark.parametrize("hidden", [(), (8,), (8, 8)])
def test_weight_generators_answer_at_a_few_positions(hidden):
    extractor = nn.Sequential(nn.Linear(5, 6), nn.ReLU())
    net = WeightGenerator(
        5, 40 * 3, extractor=extractor, n_extracted=6, hidden_layer_sizes=hidden
    )
    x, at = torch.randn(7, 5), torch.randint(0, 40, (7, 4))
    every = net(x).unflatten(1, (-1, 3))
    expected = every.gather(1, at.unsqueeze(2).expand(-1, -1, 3))
    torch.testing.assert_close(net.at(x, at, 3), expected)


def test_small_cnns_take_flat_and_shaped_images():
    net = SmallCNN(2 * 16 * 24, 5, image_shape=(2, 16, 24), n_channels=(3, 4))
    x = torch.randn(3, 2, 16, 24)
    torch.testing.assert_close(net(x), net(x.flatten(1)))
    assert SmallCNN(784, 49)(torch.zeros(2, 784)).shape == (2, 49)
    with pytest.raises(ValueError, match=r"image_shape must be.*10 values.*None"):
        SmallCNN(10, 2)
    with pytest.raises(ValueError, match=r"4 x 4 cannot be halved 3 times"):
        SmallCNN(16, 2)


def test_the_length_of_the_padding_is_of_no_effect_on_sentence_cnns():
    net = SentenceCNN(9, 4, n_tokens=20, n_filters=5, n_dimensions=6).eval()
    ids = torch.tensor([[3.0, 4, 5, 0, 0], [7, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    longer = nn.functional.pad(ids, (0, 30))
    torch.testing.assert_close(net(ids), net(longer))
    torch.testing.assert_close(
        net(ids[1:]), net(ids)[1:]
    )  # whichever rows are in the batch
    swapped = ids[:, [1, 0, 2, 3, 4]]
    assert (net(swapped)[0] != net(ids)[0]).any()  # words have an order
