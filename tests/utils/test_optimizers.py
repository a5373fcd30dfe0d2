"""Optimizers with a name step as torch's do, and leave torch's compiler unloaded."""

import pickle
import subprocess
import sys
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, StepLR
from torch.testing import assert_close

from sklearn_gradlasso import GradientLassoRegressor
from sklearn_gradlasso.utils.optimizers import OPTIMIZERS, check_optimizer, kind_of

OF_TORCH = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
}
OPTIONS = [
    ("adam", {}),
    ("adam", {"amsgrad": True, "maximize": True}),
    ("adam", {"foreach": True}),
    ("adamw", {}),
    ("adamw", {"fused": False, "betas": (0.5, 0.9)}),
    ("sgd", {}),
    ("sgd", {"momentum": 0.0, "foreach": True}),
    ("sgd", {"dampening": 0.5, "maximize": True}),
]
WOLFE = {
    "max_iter": 1,
    "max_eval": 26,
    "tolerance_grad": 0.0,
    "tolerance_change": 0.0,
    "line_search_fn": "strong_wolfe",
}


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)
    )


def made(kind, net, params):
    """An optimizer with a group of parameters for each layer, one of them added."""
    first, _, last = net
    groups = [{"params": first.parameters(), "weight_decay": 0.1}]
    optimizer = kind(groups, lr=0.02, **params)
    optimizer.add_param_group({"params": last.parameters(), "lr": 0.05})
    return optimizer


def closure_of(net, optimizer):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(16, 4, generator=generator)

    def closure():
        optimizer.zero_grad()
        loss = (net(x) - x[:, :2] ** 2).square().mean()
        loss.backward()
        return loss

    return closure


def trained(net, optimizer, n_steps, schedule=None):
    closure, losses = closure_of(net, optimizer), []
    for _ in range(n_steps):
        losses.append(optimizer.step(closure).item())
        if schedule is not None:
            schedule.step()
    return losses


def assert_same(net, other):
    assert_close(net.state_dict(), other.state_dict(), rtol=0, atol=0)


def of_both(name, params):
    """Networks with optimizers of ours and of torch, and torch's class."""
    kind, params = check_optimizer(name, params)
    pairs = []
    for each in (kind, OF_TORCH[name]):
        net = network()
        pairs.append((net, made(each, net, params)))
    return *pairs, OF_TORCH[name]


def one_cycle(optimizer):
    has_momentum = optimizer.defaults.get("momentum") != 0
    return OneCycleLR(optimizer, 0.1, total_steps=7, cycle_momentum=has_momentum)


SCHEDULES = {
    "none": lambda optimizer: None,
    "steps": lambda optimizer: StepLR(optimizer, 2, gamma=0.5),
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, 9),
    "one cycle": one_cycle,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("schedule", [*SCHEDULES])
@pytest.mark.parametrize(("name", "params"), OPTIONS)
def test_steps_are_those_of_torch(name, params, schedule):
    (net, ours), (other, theirs), kind = of_both(name, params)
    assert isinstance(ours, kind) and kind_of(ours) is kind_of(theirs) is kind
    assert repr(ours) == repr(theirs)
    make = SCHEDULES[schedule]
    found = trained(net, ours, 7, make(ours))
    expected = trained(other, theirs, 7, make(theirs))
    assert found == expected and len(set(found)) == 7
    assert_same(net, other)
    assert_close(ours.state_dict(), theirs.state_dict(), rtol=0, atol=0)


def test_lbfgs_steps_as_torchs_does():
    nets = network(), network()
    ours = OPTIMIZERS["lbfgs"](nets[0].parameters(), lr=1.0)
    theirs = torch.optim.LBFGS(nets[1].parameters(), history_size=10, **WOLFE)
    assert trained(nets[0], ours, 6) == trained(nets[1], theirs, 6)
    assert_same(*nets)
    assert kind_of(ours) is OPTIMIZERS["lbfgs"]  # Its steps are shorter by default.


@pytest.mark.parametrize("is_torch_first", [False, True])
@pytest.mark.parametrize(("name", "params"), OPTIONS)
def test_states_are_exchanged_with_torchs(name, params, is_torch_first):
    first, second, _ = of_both(name, params)
    if is_torch_first:
        first, second = second, first
    trained(*first, 3)
    second[0].load_state_dict(first[0].state_dict())
    second[1].load_state_dict(deepcopy(first[1].state_dict()))
    assert trained(*first, 3) == trained(*second, 3)
    assert_same(first[0], second[0])


@pytest.mark.parametrize(("name", "params"), OPTIONS)
def test_copies_and_pickles_go_on(name, params):
    pair, *_ = of_both(name, params)
    trained(*pair, 3)
    copies = deepcopy(pair), pickle.loads(pickle.dumps(pair))
    expected = trained(*pair, 3)
    for copied in copies:
        assert type(copied[1]) is type(pair[1])
        assert trained(*copied, 3) == expected
        assert_same(copied[0], pair[0])


@pytest.mark.parametrize("name", [*OPTIMIZERS])
def test_hooks_are_called_once_a_step(name):
    net, calls = network(), []
    optimizer = OPTIMIZERS[name](net.parameters(), lr=0.01)
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    optimizer.register_state_dict_pre_hook(lambda _: calls.append("state"))
    trained(net, optimizer, 2)
    optimizer.load_state_dict(optimizer.state_dict())
    assert calls == ["before", "after"] * 2 + ["state"]


@pytest.mark.parametrize("name", [*OPTIMIZERS])
@pytest.mark.parametrize("enabled", [False, True])
def test_gradients_are_as_enabled_as_before(name, enabled):
    net, seen = network(), []
    optimizer = OPTIMIZERS[name](net.parameters(), lr=0.01)
    closure = closure_of(net, optimizer)

    def noticing():
        seen.append(torch.is_grad_enabled())
        return closure()

    with torch.set_grad_enabled(enabled):
        optimizer.step(noticing)
        assert torch.is_grad_enabled() == enabled
    assert set(seen) == {True}


@pytest.mark.parametrize("name", [*OF_TORCH])
def test_a_differentiable_step_keeps_its_graph(name):
    kind, params = check_optimizer(name, {"differentiable": True})
    slopes = []
    for each in (kind, OF_TORCH[name]):
        start = torch.tensor([1.0, 2.0], requires_grad=True)
        weights = start.clone()
        optimizer = each([weights], lr=0.1, **params)
        for gradient in (start.square(), start):
            weights.grad = gradient
            optimizer.step()
        slopes += torch.autograd.grad(weights.sum(), start)
    assert_close(slopes[0], slopes[1], rtol=0, atol=0)
    assert not torch.equal(slopes[0], torch.ones(2))


def test_a_class_of_torch_is_left_as_it_is():
    for kind in (*OF_TORCH.values(), torch.optim.RMSprop, torch.optim.LBFGS):
        assert check_optimizer(kind, None) == (kind, {})


@pytest.mark.parametrize(
    "names", [("adam", torch.optim.Adam), (torch.optim.Adam, "adam")]
)
def test_more_training_goes_on_from_torchs_class(names):
    """The name and the class are one method, so the moments are passed on."""
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = GradientLassoRegressor(
        module="perceptron", max_iter=2, tol=10.0, warm_start=True, random_state=0
    )
    for name in names:
        model.set_params(optimizer=name, optimizer_params={"fused": True})
        model.fit(X, X[:, 0])
    states = model.net_.optimizer_.state_dict()["state"]
    assert {state["step"].item() for state in states.values()} == {4}


FITS = """
import pickle, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from sklearn_gradlasso import (
    AttributionPriorRegressor, GradientLassoClassifier, GradientLassoRegressorCV,
    NGSLLClassifier, RRRClassifier, lambda_path,
)

def check(what):
    loaded = {"torch._dynamo", "sympy"} & set(sys.modules)
    assert not loaded, f"{what} imports {loaded}"

X = np.random.default_rng(0).normal(size=(60, 4))
y = X[:, 0] + X[:, 1]
check("the package")
few = {"max_iter": 2, "random_state": 0}
mlp = {"module": "perceptron", **few}
for model in (
    GradientLassoClassifier(**few),
    GradientLassoClassifier(**mlp),
    GradientLassoClassifier(optimizer="adamw", warm_start=True, **mlp),
    GradientLassoClassifier(optimizer="sgd", early_stopping=True, **mlp),
    GradientLassoClassifier(optimizer="lbfgs", **mlp),
    RRRClassifier(**few),
    NGSLLClassifier(**few),
    AttributionPriorRegressor(**few),
    GradientLassoRegressorCV(lams=2, cv=2, **few),
):
    is_regressor = "Regressor" in type(model).__name__
    model.fit(X, y if is_regressor else y > 0)
    check(f"fit of {model}")
    model = pickle.loads(pickle.dumps(model))
    model.predict(X)
    model.explain(X)
    check(f"what follows fit of {model}")
    if not is_regressor and not model.early_stopping and model.optimizer != "lbfgs":
        model.partial_fit(X, y > 0)
        check(f"partial_fit of {model}")
lambda_path(GradientLassoClassifier(**mlp), X, y > 0, lams=2)
check("lambda_path")
"""


def test_fits_do_not_load_torchs_compiler():
    done = subprocess.run(
        [sys.executable, "-c", FITS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
