"""The progress bar of many networks counts their epochs."""

import pytest
from helpers.quick import LAMS, SMALL, classifier_cv
from torch import nn

from sklearn_gradlasso import GradientLassoClassifier, lambda_path
from sklearn_gradlasso.paths import _supervision


class Bar:
    """Stands for the bar of tqdm, and keeps where it was after each update."""

    made: list = []

    def __init__(self, total, desc, unit, disable):
        self.total, self.title, self.disable = total, desc, disable
        self.places, self.n, self.told = [], 0, ""
        Bar.made.append(self)

    def update(self, n):
        self.n += n
        self.places.append(self.n)

    def set_postfix_str(self, text, refresh):
        self.told = text

    def close(self):
        self.closed = True


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.setattr(_supervision, "tqdm", Bar)
    monkeypatch.setattr(Bar, "made", [])
    return Bar.made


def test_a_bar_moves_while_networks_are_trained_as_one(table, bars):
    search = classifier_cv(verbose=1, max_iter=20, tol=0.0, n_iter_no_change=20)
    with pytest.warns(UserWarning, match="max_iter"):
        search.fit(*table)
    (bar,) = bars
    assert bar.title == "GradientLassoClassifier: 3 strengths, 3 parts"
    assert bar.total == 9 * 20 and not bar.disable and bar.closed
    assert bar.places[:20] == [9 * k for k in range(1, 21)]
    assert bar.n == bar.total and bar.told == "9 of 9 networks trained"


def test_a_network_that_ends_early_takes_its_epochs_along(table, bars):
    model = GradientLassoClassifier(**SMALL, max_iter=400, tol=0.01, verbose=1)
    path = lambda_path(model, *table, lams=LAMS)
    assert path.n_iter.max() < 400
    (bar,) = bars
    assert bar.n == bar.total == 3 * 400


@pytest.mark.filterwarnings("ignore:.*trained one by one and not as one")
@pytest.mark.parametrize("verbose", [0, 1])
def test_networks_that_are_trained_one_by_one(table, bars, capsys, verbose):
    network = nn.Sequential(nn.Linear(5, 4), nn.Dropout(), nn.Linear(4, 2))
    model = GradientLassoClassifier(module=network, max_iter=30, tol=1.0)
    lambda_path(model.set_params(verbose=verbose), *table, lams=LAMS)
    (bar,) = bars
    assert bar.disable == (not verbose)
    assert bar.n == bar.total and bar.told == "3 of 3 networks trained"
    assert capsys.readouterr().err == ""  # no bar of each network
