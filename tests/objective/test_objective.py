import copy
import pickle
from dataclasses import replace

import pytest
import torch
from torch import nn

from sklearn_gradlasso import attributions, priors, targets, weight_penalties
from sklearn_gradlasso.objective import (
    Objective,
    average,
    cross_entropy,
    labels_cross_entropy,
    squared_error,
)

X = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
Y = torch.tensor([[0.0], [1.0]])
WEIGHT = torch.tensor([1.0, 3.0])


def line() -> nn.Linear:
    net = nn.Linear(2, 1)
    net.weight.data = torch.tensor([[2.0, -3.0]])
    net.bias.data = torch.tensor([0.5])
    return net


def pickled(value):
    return pickle.loads(pickle.dumps(value))


def objective(**changes) -> Objective:
    nouns = {
        "loss": squared_error,
        "lam": 0.1,
        "prior": priors.L1(),
        "attribution": attributions.Gradients(),
        "target": targets.output,
    }
    return Objective(**{**nouns, **changes})


def test_by_hand_on_a_line():
    # f(x) = 2 x1 - 3 x2 + 0.5: outputs -3.5 and 9.5, errors 12.25 and 72.25.
    terms = objective(weight_penalties=((0.01, weight_penalties.L1()),))(line(), X, Y)
    assert terms.data.item() == pytest.approx(42.25)
    assert terms.prior.item() == pytest.approx(0.1 * 5)
    assert terms.total.item() == pytest.approx(42.25 + 0.5 + 0.01 * 5.5)
    torch.testing.assert_close(terms.output, torch.tensor([[-3.5], [9.5]]))


def test_weights_enter_loss_and_prior():
    # The gradient is (2, -3) at both rows; annotations keep one part of it at each.
    terms = objective(prior=priors.L2())(
        line(), X, Y, WEIGHT, annotations=torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    )
    assert terms.data.item() == pytest.approx((12.25 + 3 * 72.25) / 4)
    assert terms.prior.item() == pytest.approx(0.1 * (4 + 3 * 9) / 4)


def test_an_integer_weight_is_repetition():
    repeated = objective()(line(), X[[0, 1, 1, 1]], Y[[0, 1, 1, 1]])
    torch.testing.assert_close(objective()(line(), X, Y, WEIGHT).total, repeated.total)


def test_annotations_free_features_also_with_several_outputs():
    net = nn.Linear(2, 3)
    y = torch.zeros(2, 3)
    only_second = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    terms = objective(lam=1.0)(net, X, y, annotations=only_second)
    torch.testing.assert_close(terms.prior, net.weight[:, 1].abs().sum())


def test_no_attribution_is_computed_at_lam_zero():
    def never(score, x):
        raise AssertionError

    assert objective(lam=0.0, attribution=never)(line(), X, Y).prior == 0


def test_the_score_reuses_the_known_output():
    calls = []
    net = line()
    net.register_forward_hook(lambda *_: calls.append(1))
    objective()(net, X, Y)
    assert len(calls) == 1


def test_a_prior_may_be_a_cost_of_the_whole_batch():
    terms = objective(prior=lambda phi: phi.mean(0).abs().max())(line(), X, Y, WEIGHT)
    assert terms.prior.item() == pytest.approx(0.3)


def test_the_gradient_of_the_objective_is_that_of_finite_differences():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2), nn.LogSoftmax(1))
    net.double()
    equation = objective(loss=cross_entropy, target=targets.log_prob_sum)
    x, y = X.double(), torch.tensor([0, 1])
    names, values = zip(*((n, p.detach()) for n, p in net.named_parameters()))

    def total(*values):
        weights = dict(zip(names, values))
        f = torch.func.functional_call
        return equation(lambda x: f(net, weights, x), x, y, WEIGHT.double()).total

    assert torch.autograd.gradcheck(total, [v.requires_grad_() for v in values])


def test_losses():
    log_p = torch.tensor([[0.25, 0.75], [0.5, 0.5]]).log()
    torch.testing.assert_close(
        cross_entropy(log_p, torch.tensor([1, 0])), -torch.tensor([0.75, 0.5]).log()
    )
    log_odds = torch.tensor([[3.0, 0.25], [1.0, 1.0]]).log()  # of 3/4, 1/5, 1/2, 1/2
    labels = torch.tensor([[1.0, 1.0], [0.0, 1.0]])
    torch.testing.assert_close(
        labels_cross_entropy(log_odds, labels), -torch.tensor([0.15, 0.25]).log()
    )
    two = squared_error(torch.tensor([[1.0, 3.0]]), torch.zeros(1, 2))
    assert two.tolist() == [5.0]


def test_average():
    assert average(torch.tensor([1.0, 5.0])) == 3
    assert average(torch.tensor([1.0, 5.0]), torch.tensor([3.0, 1.0])) == 2
    assert average(torch.tensor(7.0), WEIGHT) == 7


def test_annotated_only_leaves_rows_without_annotations_alone():
    plain = objective(annotated_only=True)
    assert plain(line(), X, Y).prior.item() == 0
    assert not plain.prior_acts_on(None)
    marked = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert plain(line(), X, Y, annotations=marked).prior.item() == pytest.approx(0.1)
    assert plain.prior_acts_on(marked)


def test_constraints_are_added_and_annotations_do_not_free_them():
    # f rises with x1 and falls with x2; both are said to rise.
    rising = ((priors.WrongSign((1, 1)), targets.output),)
    constrained = objective(annotated_only=True, constraints=rising)
    assert constrained(line(), X, Y).prior.item() == pytest.approx(0.1 * 3)
    marked = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    terms = constrained(line(), X, Y, annotations=marked)
    assert terms.prior.item() == pytest.approx(0.1 * (3 + 2 / 2))
    assert terms.total.item() == pytest.approx(42.25 + 0.1 * 4)


def test_one_attribution_serves_priors_with_the_same_target():
    calls = []

    def counting(score, x):
        calls.append(score)
        return attributions.Gradients()(score, x)

    rising = ((priors.WrongSign((1, 1)), targets.output),)
    objective(attribution=counting, constraints=rising)(line(), X, Y)
    assert len(calls) == 1


@pytest.mark.parametrize("through", [copy.deepcopy, pickled])
def test_a_copy_or_pickle_is_the_same_objective(through):
    both = ((0.5, priors.Gini()), (2.0, priors.L1()))
    given = objective(prior=both, weight_penalties=((0.1, weight_penalties.L2()),))
    expected = given(line(), X, Y, WEIGHT)
    again = through(given)
    assert again == given
    terms = again(line(), X, Y, WEIGHT)
    assert terms.prior == expected.prior and terms.total == expected.total
    phi = torch.tensor([[2.0, -3.0]]).expand(2, 2)
    gini = priors.Gini()(phi, sample_weight=WEIGHT)
    assert terms.prior.item() == pytest.approx(0.1 * (0.5 * gini + 2.0 * 5.0).item())


def test_another_strength_makes_another_objective():
    given = objective()
    plain = replace(given, lam=0.0)
    assert given.penalises and not plain.penalises
    assert objective(lam=torch.zeros(2)).penalises  # strengths of a stack
    loss, prior = given.by_turns()
    assert (loss.penalises, prior.penalises) == (False, True)


def test_weights_are_given_to_priors_that_take_them():
    seen = []

    def weighted(phi, sample_weight):
        seen.append(sample_weight)
        return phi.abs().sum()

    objective(prior=weighted)(line(), X, Y, WEIGHT)
    objective(prior=weighted)(line(), X, Y)
    assert torch.equal(seen[0], WEIGHT) and seen[1] is None


def test_whether_references_are_drawn_is_asked_of_the_attribution():
    generator = torch.Generator()
    drawing = attributions.ExpectedGradients().drawing_from(generator)
    assert objective(attribution=drawing).draws
    assert not objective().draws
    assert not objective(attribution=lambda score, x: x).draws
