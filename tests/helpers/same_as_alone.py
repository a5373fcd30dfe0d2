"""Networks trained as one, compared with the same estimators fitted alone."""

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold
from torch import nn

from sklearn_gradlasso.paths._pipeline import seeded_clone
from sklearn_gradlasso.paths._scheduler import fit_all
from sklearn_gradlasso.paths._stack_net import StackNet
from sklearn_gradlasso.training.rows import TrainingData

LONG = {"max_iter": 12, "tol": 0.0, "n_iter_no_change": 12}
CURVES = (
    "loss_curve_",
    "penalty_curve_",
    "validation_scores_",
    "validation_loss_curve_",
)


def data_of(X, y, **fit_params):
    return TrainingData(X, y, **fit_params)


def halves(n_rows):
    """Two parts of one size."""
    n_rows -= n_rows % 2
    return [train for train, _ in KFold(2).split(np.zeros(n_rows))]


def grid(estimator, data, parts, lams):
    """Fits by part and strength."""
    fits = fit_all(seeded_clone(estimator), data, parts, np.asarray(lams, dtype=float))
    return {(fit.part, fit.strength): fit.estimator for fit in fits}


def alone(estimator, data, part, lam):
    """The estimator fitted by itself, also if its training diverges."""
    rows, model = data.part(part), clone(estimator).set_params(lam=lam)
    others = {"sample_weight": rows.sample_weight, "annotations": rows.annotations}
    given = {name: values for name, values in others.items() if values is not None}
    try:
        model.fit(rows.X, rows.y, **given)
    except ValueError:
        if getattr(model, "net_", None) is None:
            raise
    return model


def tensors(model):
    return {k: v.numpy() for k, v in model.net_.module_.state_dict().items()}


def assert_same_network(ours, theirs, tolerance=1e-8):
    """The same weights, importances and course of training."""
    assert ours.net_.ended_by_ == theirs.net_.ended_by_
    assert ours.n_iter_ == theirs.n_iter_
    same = {"rtol": tolerance, "atol": tolerance}
    theirs_by_name = tensors(theirs)
    assert tensors(ours).keys() == theirs_by_name.keys()
    for name, value in tensors(ours).items():
        np.testing.assert_allclose(value, theirs_by_name[name], **same, err_msg=name)
    for name in CURVES:
        curves = [getattr(each, name) or [] for each in (ours, theirs)]
        np.testing.assert_allclose(*curves, **same)
    np.testing.assert_allclose(
        ours.feature_importances_, theirs.feature_importances_, **same
    )


def assert_each_as_alone(estimator, data, parts, lams, tolerance=1e-8, some=None):
    """Each network of a grid, or some, is that of the estimator fitted alone."""
    found = grid(estimator, data, parts, lams)
    assert len(found) == len(parts) * len(lams)
    for part, k in some or found:
        ours = found[part, k]
        theirs = alone(estimator, data, parts[part], lams[k])
        assert ours.lam_ == theirs.lam_ == lams[k]
        assert_same_network(ours, theirs, tolerance)
    return found


def differ(one, other, by=1e-3):
    """Whether two networks are clearly not the same."""
    one, other = tensors(one), tensors(other)
    shared = one.keys() & other.keys()  # One of them may have a temperature.
    return max(abs(one[k].astype(float) - other[k]).max() for k in shared) > by


def count_stacks(monkeypatch):
    """A list that is given the number of networks of each stack that is trained."""
    sizes, train = [], StackNet.train

    def counted(self, *rows):
        sizes.append(len(self.part_of))
        return train(self, *rows)

    monkeypatch.setattr(StackNet, "train", counted)
    return sizes


class Normalised(nn.Module):
    """A network that remembers the mean and variance of what it has seen."""

    def __init__(self, n_features, n_outputs):
        super().__init__()
        first = nn.Linear(n_features, 6, bias=False)
        self.layers = nn.Sequential(
            first, nn.BatchNorm1d(6), nn.Softplus(), nn.Linear(6, n_outputs)
        )

    def forward(self, x):
        return self.layers(x)
