import torch

from sklearn_gradlasso.utils.representatives import representatives


def test_representatives_are_evenly_spaced_in_the_order_of_the_score():
    values = torch.tensor([5.0, 1.0, 3.0, 2.0, 4.0, 0.0])
    assert values[representatives(values, None, 3)].tolist() == [1, 3, 5]
    assert values[representatives(values, None, 6)].tolist() == [0, 1, 2, 3, 4, 5]
    weight = torch.tensor([0.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    assert values[representatives(values, weight, 4)].tolist() == [3, 3, 4, 4]
    two = torch.stack([values, -2 * values], dim=1)
    chosen = values[representatives(two, None, 6)].tolist()
    assert chosen in ([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0])
