"""Schedules of the learning rate: annealing in cycles, and those of scikit-learn.

The latter are callbacks, whose state is in the groups of the optimizer.
"""

from __future__ import annotations

from math import ceil, cos, pi

from skorch.callbacks import Callback
from torch.optim import Optimizer

__all__ = ["AdaptiveRate", "InverseScaling", "annealed_share", "cycle_of"]


def cycle_of(epoch: int, max_epochs: int, n_cycles: int) -> tuple[int, int]:
    """First epoch and length of the cycle of an epoch; each is twice the one before.

    These are the warm restarts of Loshchilov and Hutter (2017, section 3).
    """
    start, length = 0, ceil(max_epochs / (2**n_cycles - 1))
    while epoch >= start + length:
        start, length = start + length, 2 * length
    return start, min(length, max_epochs - start)


def annealed_share(epoch: int, max_epochs: int, n_cycles: int, rising: float) -> float:
    """Share of the rate in an epoch: in each cycle it rises, and falls by a cosine.

    It rises evenly in a share of the epochs of a cycle, because the first steps of Adam
    are large in all weights at once, however many there are (the one-cycle policy of
    Smith and Topin, 2019).
    """
    start, length = cycle_of(epoch, max_epochs, n_cycles)
    epoch, n_rising = epoch - start, int(rising * length)
    if epoch < n_rising:
        return (epoch + 1) / (n_rising + 1)
    return (1 + cos(pi * (epoch - n_rising) / (length - n_rising))) / 2


class InverseScaling(Callback):
    """The rate falls with the number of rows seen, ``rate / (n + 1) ** power``.

    It changes after each epoch.

    Parameters
    ----------
    power : float, default=0.5
    """

    def __init__(self, power: float = 0.5):
        self.power = power

    def on_epoch_end(self, net, dataset_train=None, **kwargs):
        for group in net.optimizer_.param_groups:
            group["n_seen"] = group.get("n_seen", 0) + len(dataset_train)
            rate = net.lr / (group["n_seen"] + 1) ** self.power
            _change_rate(net.optimizer_, group, rate)


class AdaptiveRate(Callback):
    """Where training would end because it has settled, it goes on with a lower rate.

    Parameters
    ----------
    smallest : float, default=1e-6
        Training ends if the rate is not above this.
    divisor : float, default=5.0
        By which the rate is divided.
    """

    def __init__(self, smallest: float = 1e-6, divisor: float = 5.0):
        self.smallest, self.divisor = smallest, divisor

    def on_epoch_end(self, net, **kwargs):
        groups = net.optimizer_.param_groups
        above = groups[0]["lr"] > self.smallest
        if net.plateau is None or not net.plateau.reached or not above:
            return
        for group in groups:
            _change_rate(net.optimizer_, group, group["lr"] / self.divisor)
        net.plateau.forget_count()
        net.ended_by_ = "max_epochs"


def _change_rate(optimizer: Optimizer, group: dict, rate: float) -> None:
    """Change the rate of coming gradients, and not that of those in the momentum.

    torch multiplies the momentum by the rate of now; scikit-learn, each gradient in it
    by the rate that there was.
    """
    for weight in group["params"]:
        momentum = optimizer.state[weight].get("momentum_buffer")
        if momentum is not None:
            momentum *= group["lr"] / rate
    group["lr"] = rate
