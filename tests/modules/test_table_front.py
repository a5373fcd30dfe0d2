import numpy as np
import pytest
import torch
from helpers.coded_tables import coded_rows, form_of_four_columns, fronted
from torch import nn

from sklearn_gradlasso.modules import (
    MLP,
    Fronted,
    LogOdds,
    LogProbabilities,
    TableFront,
    build_module,
)
from sklearn_gradlasso.utils.networks import encodes_columns

NAN = float("nan")
# Two numbers, the mark of the second, three colours, and two shapes or none.
COLUMN_OF = [0, 1, 1, 2, 2, 2, 3, 3, 3]


def front() -> TableFront:
    return TableFront(form_of_four_columns()).double()


def test_columns_become_numbers_and_indicators():
    x = torch.tensor([[0.0, 3.0, 1.0, 0.0], [-3.0, NAN, 2.0, NAN]]).double()
    clipped = 3 / 2**0.5
    expected = torch.tensor(
        [[0, clipped, 0, 0, 1, 0, 1, 0, 0], [-clipped, 0, 1, 0, 0, 1, 0, 0, 1]]
    ).double()
    assert front().column_of.tolist() == COLUMN_OF
    torch.testing.assert_close(front()(x), expected)
    torch.testing.assert_close(front().encode(x)[0], expected)


def test_a_value_that_was_never_missing_in_training_is_answered_all_the_same():
    x = torch.tensor([[NAN, 0.0, NAN, 0.0]]).double()
    expected = torch.tensor([[0, 0, 0, 0, 0, 0, 1, 0, 0]]).double()
    torch.testing.assert_close(front()(x), expected)


def test_numbers_move_their_encodings_by_the_derivative():
    x = coded_rows(50)
    x[:, :2] = x[:, :2].nan_to_num(nan=4.0)
    step = torch.tensor([1e-6, 1e-6, 0, 0]).double()
    with torch.no_grad():
        ends = front()(x + step), front()(x - step)
    directions = front().encode(x)[1]
    torch.testing.assert_close(directions[:, :3], (ends[0] - ends[1])[:, :3] / 2e-6)
    assert (directions[:, :2] <= 1).all()


def test_categories_and_missing_cells_move_theirs_away_from_the_average():
    x = torch.tensor([[0.0, NAN, 0.0, 0.0], [0.0, 1.0, 2.0, NAN]]).double()
    directions = front().encode(x)[1]
    shares = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.6, 0.2, 0.2])
    first, second = (torch.eye(3) - share for share in shares)
    assert directions[0, 1:3].tolist() == [0, 0.75]
    assert directions[1, 2] == 0
    torch.testing.assert_close(directions[0, 3:6], first[0].double())
    torch.testing.assert_close(directions[0, 6:], second[0].double())
    torch.testing.assert_close(directions[1, 3:6], first[2].double())
    torch.testing.assert_close(directions[1, 6:], second[2].double())


def test_average_direction_of_categories_is_zero_over_rows_of_these_shares():
    rows = [[0, NAN if k % 4 == 0 else 0, j, 0] for k in range(4) for j in range(3)]
    weight = np.array([0.5, 0.3, 0.2] * 4) / 4
    directions = front().encode(torch.tensor(rows).double())[1]
    mean = torch.from_numpy(weight) @ directions
    torch.testing.assert_close(mean[3:6], torch.zeros(3).double())


@pytest.mark.parametrize("head", [LogOdds, LogProbabilities])
def test_heads_pass_the_protocol_on(head):
    network = head(fronted(MLP(9, 1 if head is LogOdds else 2))).double()
    x = coded_rows(20)
    assert encodes_columns(network)
    assert network.column_of.tolist() == COLUMN_OF
    encodings, directions = network.encode(x)
    assert encodings.isfinite().all() and directions.isfinite().all()
    assert torch.equal(network.from_encoded(encodings), network(x))
    assert network(x).shape == (20, 2)


def test_other_networks_do_not_have_it():
    class Autoencoder(nn.Linear):
        def encode(self, x):
            return x

    for network in (nn.Linear(3, 1), Autoencoder(3, 1), LogOdds(nn.Linear(3, 1))):
        assert not encodes_columns(network)


def test_with_a_form_every_kind_of_module_sees_encodings():
    asked = {"module_params": None, "seed": 0, "form": form_of_four_columns()}

    def factory(n_features, n_outputs, feature_shape):
        assert feature_shape == (n_features,)
        return nn.Linear(n_features, n_outputs)

    for module in (None, factory, nn.Linear(9, 2)):
        network = build_module(module, 4, 2, feature_shape=(4,), **asked)
        assert isinstance(network, Fronted)
        assert network(coded_rows(5, dtype=torch.float32)).shape == (5, 2)


def test_a_network_of_the_user_may_work_in_place_on_what_it_is_given():
    class InPlace(nn.Linear):
        def forward(self, x):
            return super().forward(x.mul_(2))

    form = form_of_four_columns()
    asked = {"module_params": None, "seed": 0, "form": form}
    network = build_module(InPlace, 4, 1, **asked)
    encodings = network.encode(coded_rows(5, dtype=torch.float32))[0]
    before = encodings.clone()
    network.from_encoded(encodings)
    assert torch.equal(encodings, before)
