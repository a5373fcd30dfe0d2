"""cuDNN is off where recurrent layers are differentiated twice, and then on again."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from sklearn_gradlasso import targets
from sklearn_gradlasso.attributions import Gradients
from sklearn_gradlasso.modules import RecurrentNet
from sklearn_gradlasso.objective import Objective, Score, _equation, _score
from sklearn_gradlasso.priors import L1
from sklearn_gradlasso.utils.cudnn import twice_differentiable


def network():
    torch.manual_seed(0)
    return RecurrentNet(8, 1, feature_shape=(4, 2), hidden_size=3).double()


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(60, 4, 2, dtype=torch.float64, generator=generator)


ON_GPU, ON_CPU = SimpleNamespace(is_cuda=True), SimpleNamespace(is_cuda=False)


@pytest.fixture
def with_cudnn():
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = True
    yield torch.backends.cudnn
    torch.backends.cudnn.enabled = before


@pytest.mark.parametrize(
    "module", [nn.LSTM(2, 3), nn.Sequential(nn.Linear(2, 2), nn.GRU(2, 3)), network()]
)
def test_cudnn_is_off_for_recurrent_layers_and_on_again(module, with_cudnn):
    with twice_differentiable(module, ON_GPU):
        assert not with_cudnn.enabled
    assert with_cudnn.enabled
    with pytest.raises(KeyError), twice_differentiable(module, ON_GPU):
        raise KeyError
    assert with_cudnn.enabled


@pytest.mark.parametrize(
    ("module", "x"),
    [(nn.Linear(2, 3), ON_GPU), (nn.Conv2d(1, 1, 3), ON_GPU), (nn.LSTM(2, 3), ON_CPU)],
)
def test_cudnn_stays_on_for_others(module, x, with_cudnn):
    with twice_differentiable(module, x):
        assert with_cudnn.enabled


def test_cudnn_stays_off_where_it_was(with_cudnn):
    with_cudnn.enabled = False
    with twice_differentiable(nn.LSTM(2, 3), ON_GPU):
        assert not with_cudnn.enabled
    assert not with_cudnn.enabled


def test_other_settings_of_cudnn_are_put_back(with_cudnn):
    before = with_cudnn.deterministic, with_cudnn.benchmark
    with_cudnn.deterministic = with_cudnn.benchmark = True
    try:
        with twice_differentiable(nn.LSTM(2, 3), ON_GPU):
            pass
        assert with_cudnn.deterministic and with_cudnn.benchmark
    finally:
        with_cudnn.deterministic, with_cudnn.benchmark = before


@pytest.mark.skipif(
    not hasattr(torch.backends.cudnn, "rnn"), reason="this torch has no such setting"
)
def test_a_user_may_have_set_the_precision_of_cudnn(with_cudnn):
    layers = with_cudnn.conv, with_cudnn.rnn
    before = [layer.fp32_precision for layer in layers]
    try:
        for layer in layers:
            layer.fp32_precision = "ieee"
        with twice_differentiable(nn.LSTM(2, 3), ON_GPU):
            assert not with_cudnn.enabled
        assert [layer.fp32_precision for layer in layers] == ["ieee"] * 2
    finally:
        for layer, precision in zip(layers, before):
            layer.fp32_precision = precision


def test_cudnn_is_on_again_after_fits_in_two_threads(with_cudnn):
    first, second = (twice_differentiable(nn.LSTM(2, 3), ON_GPU) for _ in range(2))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    on_in_the_second = with_cudnn.enabled
    second.__exit__(None, None, None)
    assert not on_in_the_second
    assert with_cudnn.enabled


def recorded(monkeypatch, where):
    calls = []

    def recording(module, x):
        calls.append(module)
        return twice_differentiable(module, x)

    monkeypatch.setattr(where, "twice_differentiable", recording)
    return calls


def test_scores_are_computed_where_they_can_be_differentiated_twice(monkeypatch, rows):
    calls = recorded(monkeypatch, _score)
    module = network()
    known = Score(module, targets.output, x=rows, output=module(rows))
    known(rows)
    assert not calls
    known(rows.clone())
    assert calls == [module]


def test_training_is_where_it_can_be_differentiated_twice(monkeypatch, rows):
    calls = recorded(monkeypatch, _equation)
    module = network().train()
    Objective(
        loss=lambda output, y: output[:, 0],
        lam=1.0,
        prior=L1(),
        attribution=Gradients(),
        target=targets.output,
    )(module, rows, rows)
    assert calls == [module]
    Objective(loss=lambda output, y: output[:, 0])(module, rows, rows)
    assert calls == [module]
