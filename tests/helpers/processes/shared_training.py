"""What processes train together, and one alone: run by ``test_distributed.py``.

    python shared_training.py FOLDER

in every process, with the environment of a distributed run; each writes a pickle.
"""

import os
import pickle
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from torch import nn

from sklearn_gradlasso import (
    AttributionPriorClassifier,
    AttributionPriorRegressor,
    GradientLassoClassifier,
    GradientLassoRegressor,
    NGSLLClassifier,
    RRRClassifier,
)
from sklearn_gradlasso.weight_penalties import SparseGroupLasso

X, LABELS = make_classification(201, 8, n_informative=5, random_state=0)
_, VALUES = make_regression(201, 8, n_targets=2, random_state=1)
WEIGHT = np.random.default_rng(2).uniform(0.1, 3.0, len(X)) * (
    np.arange(len(X)) % 7 > 0
)
BRIEF = {"module": "perceptron", "max_iter": 6, "random_state": 0}


class DiesInSecondProcess(Callback):
    def on_epoch_end(self, net, **kwargs):
        if os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)


class StopsFirstProcess(Callback):
    def on_epoch_end(self, net, **kwargs):
        if os.environ.get("RANK", "0") == "0" and len(net.history) == 3:
            raise KeyboardInterrupt


def gradient_lasso(accelerator):
    model = GradientLassoClassifier(
        lam=0.1, weight_l2=1e-3, batch_size=37, accelerator=accelerator, **BRIEF
    )
    return clone(model).fit(X, LABELS)


def network_for_tables(accelerator):
    params = {**BRIEF, "module": "tabular", "penalty": "l1", "early_stopping": True}
    model = GradientLassoClassifier(
        lam=0.1, batch_size=37, accelerator=accelerator, **params
    )
    return model.fit(X, LABELS)


def weights_of_rows(accelerator):
    model = GradientLassoClassifier(
        lam=0.1, batch_size=37, accelerator=accelerator, **BRIEF
    )
    return model.fit(X, LABELS, sample_weight=WEIGHT)


def a_row_at_a_time(accelerator):
    model = GradientLassoRegressor(
        module="perceptron",
        lam=0.1,
        batch_size=1,
        accelerator=accelerator,
        max_iter=2,
        random_state=0,
    )
    return model.fit(X[:30], VALUES[:30], sample_weight=1 + WEIGHT[:30])


def one_batch_until_it_settles(accelerator):
    model = GradientLassoRegressor(
        module="perceptron",
        lam=0.1,
        max_iter=100,
        tol=1e-2,
        random_state=0,
        accelerator=accelerator,
    )
    return model.fit(X, VALUES)


def held_out_rows(accelerator):
    model = GradientLassoRegressor(
        module="perceptron",
        batch_size=50,
        early_stopping=True,
        max_iter=30,
        n_iter_no_change=2,
        random_state=0,
        accelerator=accelerator,
    )
    return model.fit(X, VALUES, sample_weight=WEIGHT)


def annotations_and_signs(accelerator):
    model = RRRClassifier(
        monotonic_cst=[1, -1] + [0] * 6,
        obedience=None,
        batch_size=64,
        accelerator=accelerator,
        **BRIEF,
    )
    return model.fit(X, LABELS, annotations=np.arange(8) < 3)


def by_turns(accelerator):
    model = AttributionPriorRegressor(
        attribution="integrated_gradients",
        prior=[(1.0, "l1"), (0.1, "l2")],
        schedule="alternating",
        prior_start=2,
        weight_penalties=[(0.01, SparseGroupLasso())],
        batch_size=64,
        accelerator=accelerator,
        **BRIEF,
    )
    return model.fit(X, VALUES)


def optimizer_with_line_search(accelerator):
    model = GradientLassoRegressor(
        optimizer=torch.optim.LBFGS,
        optimizer_params={"line_search_fn": "strong_wolfe", "max_iter": 5},
        learning_rate_init=1.0,
        activation="tanh",
        accelerator=accelerator,
        **BRIEF,
    )
    return model.fit(X, VALUES)


def callbacks_of_batches(accelerator):
    callbacks = [
        GradientNormClipping(0.1),
        LRScheduler("StepLR", step_size=2, gamma=0.5),
        EpochScoring(
            _mean_output, name="mean_output", on_train=True, use_caching=False
        ),
    ]
    model = GradientLassoClassifier(
        callbacks=callbacks, batch_size=64, accelerator=accelerator, **BRIEF
    )
    return model.fit(X, LABELS)


def _mean_output(net, X, y=None):
    return float(net.forward(X)[:, 0].mean())


def callback_of_one_process(accelerator):
    model = GradientLassoClassifier(
        callbacks=[StopsFirstProcess()], accelerator=accelerator, **BRIEF
    )
    return model.fit(X, LABELS)


def sparse_passes(accelerator):
    model = GradientLassoClassifier(
        module="perceptron", batch_size=64, random_state=0, accelerator=accelerator
    )
    for _ in range(3):
        model.partial_fit(sp.csr_matrix(X), LABELS, classes=[0, 1])
    return model


CASES = [
    gradient_lasso,
    network_for_tables,
    weights_of_rows,
    a_row_at_a_time,
    one_batch_until_it_settles,
    held_out_rows,
    annotations_and_signs,
    by_turns,
    optimizer_with_line_search,
    callbacks_of_batches,
    callback_of_one_process,
    sparse_passes,
]


def with_batch_norm(n_features, n_outputs):
    return nn.Sequential(
        nn.Linear(n_features, 4), nn.BatchNorm1d(4), nn.Linear(4, n_outputs)
    )


class Dropping(nn.Module):
    """With dropout; remembers how many rows it was trained on at a time."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 64), nn.Dropout(0.5), nn.Linear(64, n_outputs)
        )
        self.sizes = []

    def forward(self, x):
        if self.training:
            self.sizes.append(len(x))
        return self.layers(x)


IN_TABLES = {"module": "tabular", "max_iter": 2, "random_state": 0}
REFUSED = {
    "prior: Gini": AttributionPriorClassifier(attribution="gradients", **BRIEF),
    "prior: GlobalL2": AttributionPriorRegressor(
        prior=[(1.0, "l1"), (1.0, "global_l2")], attribution="gradients", **BRIEF
    ),
    "draws at random": AttributionPriorClassifier(prior="l1", **BRIEF),
    "penalty='l1' of the gradient LASSO": GradientLassoClassifier(**IN_TABLES),
    "KHotGate": NGSLLClassifier(**BRIEF),
    "LayerNorm": GradientLassoClassifier(**{**BRIEF, "module": with_batch_norm}),
    "random_state must be an int": GradientLassoClassifier(module="perceptron"),
}


def refusal(model, X=X, y=LABELS) -> str:
    try:
        model.fit(X, y)
    except ValueError as error:
        return str(error)
    return ""


def summary(model) -> dict:
    """What training has led to."""
    tensors = model.net_.module_.state_dict().values()
    return {
        "theta": np.concatenate([t.numpy().ravel() for t in tensors]),
        "loss": np.array(model.loss_curve_),
        "penalty": np.array(model.penalty_curve_),
        "score": np.array(model.validation_scores_ or []),
        "validated": np.array(model.validation_loss_curve_ or []),
        "importances": model.feature_importances_,
    }


def main(folder: Path) -> None:
    from accelerate import Accelerator

    accelerator = Accelerator()
    k = accelerator.process_index
    trained = {case.__name__: summary(case(accelerator)) for case in CASES}
    refused = {
        text: refusal(model.set_params(accelerator=accelerator))
        for text, model in REFUSED.items()
    }
    shared = {"accelerator": accelerator, **BRIEF}
    model = GradientLassoClassifier(**shared)
    part = slice(200 - k)
    refused["numbers of rows are [200, 199]"] = refusal(model, X[part], LABELS[part])
    shared["module"] = Dropping
    dropping = GradientLassoClassifier(batch_size=67, **shared)
    dropping.fit(X, LABELS)
    saving_folder = folder / f"saved_by_{k}"
    saving = Checkpoint(monitor=None, dirname=saving_folder)
    model.set_params(callbacks=[saving]).fit(X, LABELS)
    report = {
        "trained": trained,
        "refused": refused,
        "dropping": summary(dropping),
        "sizes": dropping.net_.module_[0].sizes,
        "model": pickle.dumps(model),
        "answer": model.predict_proba(X),
        "saved": [path.name for path in saving_folder.glob("*.pt")],
    }
    path = folder / f"{k}.pickle"
    path.write_bytes(pickle.dumps(report))
    try:
        model.set_params(callbacks=[DiesInSecondProcess()]).fit(X, LABELS)
    except RuntimeError as error:
        path.write_bytes(pickle.dumps({**report, "death": str(error)}))


if __name__ == "__main__":
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
