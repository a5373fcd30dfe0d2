"""What may be asked of an attribution, given as an object or as a plain callable."""

import copy
import pickle

import pytest
import torch

from sklearn_gradlasso.attributions import (
    Attribution,
    ExpectedGradients,
    Gradients,
    IntegratedGradients,
    by_name,
)

X = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
ROWS = X.flip(0) + 1


def square(x):
    return x.square().sum(1)


def generator():
    return torch.Generator().manual_seed(0)


class Doubled(Attribution):
    def __call__(self, score, x):
        return 2 * Gradients()(score, x)


def doubled(score, x):
    return 2 * Gradients()(score, x)


class DuckTyped:
    """Has members of an attribution without being one."""

    def __init__(self, background=0.0, source=None):
        self.background, self.source = background, source
        self.draws = source is not None

    def __call__(self, score, x):
        return x - self.background

    def against(self, background, weight=None):
        return DuckTyped(background.mean(0), self.source)

    def drawing_from(self, source, shuffled=False, n_references=None):
        return DuckTyped(self.background, (source, shuffled, n_references))

    def base_value(self, score, x):
        return score(x).mean()


@pytest.mark.parametrize(
    "attribution",
    [Gradients(), Doubled(), IntegratedGradients(), by_name(doubled)],
    ids=lambda attribution: type(attribution).__name__,
)
def test_defaults(attribution):
    assert attribution.against(ROWS) is attribution
    assert attribution.drawing_from(generator(), True, 3) is attribution
    assert attribution.draws is False
    complete = isinstance(attribution, IntegratedGradients)
    assert (attribution.base_value(square, X) is None) is not complete


def test_an_attribution_must_say_how_it_attributes():
    with pytest.raises(TypeError, match="abstract"):
        Attribution()


def test_a_plain_callable_is_an_attribution():
    attribution = by_name(doubled)
    assert isinstance(attribution, Attribution) and by_name(attribution) is attribution
    assert torch.equal(attribution(square, X), 4 * X)


def test_members_of_a_callable_are_used():
    attribution = by_name(DuckTyped())
    assert not attribution.draws
    against = attribution.against(ROWS)
    assert isinstance(against, Attribution)
    assert torch.equal(against(square, X), X - ROWS.mean(0))
    source = generator()
    drawing = against.drawing_from(source, True, 3)
    assert drawing.draws and drawing.function.source == (source, True, 3)
    assert torch.equal(drawing(square, X), X - ROWS.mean(0))
    assert attribution.base_value(square, X) == square(X).mean()


def test_a_random_estimate_knows_what_it_estimates():
    weight = torch.arange(1.0, 7.0)
    attribution = ExpectedGradients(4).against(ROWS, weight)
    drawing = attribution.drawing_from(generator(), n_references=2)
    assert drawing.draws and drawing.n_references == 4
    assert drawing.drawing_from(None) is attribution
    assert drawing.against(X) is not drawing  # a new object, with the first background
    assert torch.equal(
        drawing.against(X).base_value(square, X), attribution.base_value(square, X)
    )
    unset = ExpectedGradients()
    assert unset.drawing_from(None, n_references=2) is unset
    assert unset.drawing_from(generator(), n_references=2).n_references == 2
    assert unset.drawing_from(generator()).against(ROWS)(square, X).shape == X.shape


@pytest.mark.parametrize(
    "through", [copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]
)
def test_copies_and_pickles_keep_background_and_weights(through):
    attribution = ExpectedGradients(5).against(ROWS, torch.arange(1.0, 7.0))
    again = through(attribution)
    assert torch.equal(again(square, X), attribution(square, X))
    assert torch.equal(again.base_value(square, X), attribution.base_value(square, X))
    assert torch.equal(through(by_name(doubled))(square, X), 4 * X)
