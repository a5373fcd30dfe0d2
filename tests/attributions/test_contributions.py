"""First-order contributions against values computed from their definition."""

from functools import partial

import pytest
import torch

from sklearn_gradlasso.attributions import Contributions, ExpectedGradients
from sklearn_gradlasso.attributions._attribution import Attribution


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


X, BACKGROUND, WEIGHT = normal(6, 4), normal(9, 4, seed=1), normal(4, 3, seed=2)


def curved(x):
    return (x @ WEIGHT).tanh().sum(1)


class Scored:
    """A score with attributes, as the objective gives it."""

    def __init__(self, function, ignores_y=False, sample_weight=None):
        self.function, self.ignores_y = function, ignores_y
        self.sample_weight = sample_weight

    def __call__(self, x):
        return self.function(x)


def drawing(attribution, **options):
    return attribution.drawing_from(torch.Generator().manual_seed(0), **options)


def test_of_a_linear_score_they_are_coefficients_times_differences_from_the_mean():
    coef = torch.tensor([1.0, -2.0, 0.0, 3.0], dtype=torch.float64)
    found = Contributions(background=BACKGROUND)(lambda x: x @ coef, X)
    torch.testing.assert_close(found, coef * (X - BACKGROUND.mean(0)))
    several = Contributions(background=BACKGROUND)(lambda x: x @ WEIGHT, X)
    expected = (X - BACKGROUND.mean(0))[:, :, None] * WEIGHT
    torch.testing.assert_close(several, expected)


def test_of_a_curved_score_they_have_its_gradient_at_the_row():
    found = Contributions(background=BACKGROUND)(curved, X)
    step = 1e-6 * torch.eye(4, dtype=torch.float64)
    slopes = [(curved(X + h) - curved(X - h)) / 2e-6 for h in step]
    expected = (X - BACKGROUND.mean(0)) * torch.stack(slopes, dim=1)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-8)


def test_their_sum_over_indicators_is_the_contrast_with_the_average_category():
    job = torch.tensor([0, 2, 1, 2, 2, 0])
    x = torch.eye(3, dtype=torch.float64)[job]
    slopes = torch.tensor([5.0, -1.0, 2.0], dtype=torch.float64)
    shares = torch.tensor([2, 1, 3], dtype=torch.float64) / 6
    contrast = slopes[job] - shares @ slopes
    for shifted in (slopes, slopes + 100):  # x sums to one, so the shift means nothing
        found = Contributions()(partial(torch.matmul, other=shifted), x).sum(dim=1)
        torch.testing.assert_close(found, contrast)


@pytest.mark.parametrize("ways", ["score", "against"])
def test_an_integer_weight_is_repetition(ways):
    counts = torch.tensor([1, 3, 0, 2, 1, 1])
    repeated = X.repeat_interleave(counts, dim=0)
    if ways == "score":
        found = Contributions()(Scored(curved, sample_weight=counts.double()), X)
        expected = Contributions()(curved, repeated)
        torch.testing.assert_close(found.repeat_interleave(counts, 0), expected)
    else:
        found = Contributions().against(X, counts.double())(curved, X)
        torch.testing.assert_close(found, Contributions().against(repeated)(curved, X))


@pytest.mark.parametrize("background", [None, BACKGROUND])
@pytest.mark.parametrize("weighted", [False, True])
def test_drawn_ones_have_no_bias(background, weighted):
    weight = torch.arange(1.0, 7).double() if weighted else None
    score = Scored(curved, sample_weight=weight)
    attribution = drawing(Contributions(background=background))
    assert attribution.draws and attribution.additive
    found = torch.stack([attribution(score, X) for _ in range(3000)]).mean(dim=0)
    if background is not None or weighted:
        expected = Contributions(background=background)(score, X)
    else:  # the references of a row are the others
        others = (X.sum(dim=0) - X) / 5
        slopes = Contributions(background=torch.zeros(1, 4))(curved, X) / X
        expected = (X - others) * slopes
    torch.testing.assert_close(found, expected, rtol=0, atol=0.08)


def test_many_references_are_nearly_the_average_row():
    attribution = drawing(Contributions(background=BACKGROUND), n_references=20_000)
    expected = Contributions(background=BACKGROUND)(curved, X)
    torch.testing.assert_close(attribution(curved, X), expected, rtol=0, atol=0.05)


def test_drawn_ones_cost_one_gradient_and_refuse_a_row_alone():
    calls = []

    def score(x):
        calls.append(len(x))
        return curved(x)

    drawing(Contributions(), n_references=3)(score, X)
    assert calls == [6]
    with pytest.raises(ValueError, match="batch has n_samples = 1"):
        drawing(Contributions())(curved, X[:1])
    assert drawing(Contributions()).drawing_from(None).n_references is None


def test_they_are_not_complete_but_additive():
    assert Contributions().base_value(curved, X) is None
    assert drawing(Contributions()).base_value(curved, X) is None
    assert Contributions().additive and ExpectedGradients().additive
    assert not Attribution.additive.fget(None)
