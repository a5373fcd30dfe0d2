import pytest
import torch

from sklearn_gradlasso import targets

LOG_P = torch.tensor([[0.2, 0.8], [0.5, 0.5]]).log()
Y = torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (targets.log_prob_sum, LOG_P.sum(1)),
        (targets.log_odds, torch.tensor([4.0, 1.0]).log()),
        (targets.true_class, torch.tensor([0.2, 0.5]).log()),
        (targets.predicted_class, torch.tensor([0.8, 0.5]).log()),
        (targets.probabilities, torch.tensor([[0.2, 0.8], [0.5, 0.5]])),
        (targets.output, LOG_P),
        (targets.ClassK(1), LOG_P[:, 1]),
    ],
)
def test_value(target, expected):
    torch.testing.assert_close(target(LOG_P, Y), expected)


def test_log_odds_of_several_classes_are_against_the_rest():
    p = torch.tensor([[0.2, 0.5, 0.3], [0.0, 0.25, 0.75]])
    expected = (p / (1 - p)).log()
    torch.testing.assert_close(targets.log_odds(p.log(), None), expected)
    certain = torch.tensor([[0.0, -40.0, -50.0]], dtype=torch.float64)
    scores = targets.log_odds(certain.log_softmax(1), None)
    assert scores[0, 0].item() == pytest.approx(40.0, abs=1e-4)


def test_names_that_mean_something_else_for_labels():
    p = torch.tensor([[0.2, 0.8], [0.5, 0.75]])
    odds = p.logit()
    expected = {
        "log_odds": odds,
        "output": odds,
        "probabilities": p,
        "log_prob_sum": (p.log() + (1 - p).log()).sum(dim=1),
    }
    for name, value in expected.items():
        target = targets.by_name(name, targets.OF_LABELS)
        torch.testing.assert_close(target(odds, None), value)
        assert target.ignores_y
    assert set(targets.OF_LABELS) == set(expected)


def test_a_single_output_loses_its_axis():
    assert targets.output(torch.zeros(3, 1), None).shape == (3,)


def test_errors_say_what_to_use_instead():
    with pytest.raises(ValueError, match="true_class.*target='predicted'"):
        targets.true_class(LOG_P, None)
    with pytest.raises(ValueError, match=r"k must be in 0 \.\.\. 1.*got 2"):
        targets.ClassK(2)(LOG_P, None)
    with pytest.raises(ValueError, match="target must be one of.*got 'logit'"):
        targets.by_name("logit")
    with pytest.raises(TypeError, match="target must be a name or a callable.*int"):
        targets.by_name(3)
