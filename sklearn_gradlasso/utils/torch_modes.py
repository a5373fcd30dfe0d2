"""The modes of the caller's thread do not reach the computations of the package.

Torch has modes that a program may set around any call: no gradients, inference mode,
autocast, a default device. A notebook that begins with ``torch.no_grad()`` would train
nothing, and in another precision a seed would give another network. Each computation
therefore starts from torch's own defaults, and leaves the modes as it found them. They
belong to a thread, so that other threads are not affected.

The default dtype is not among them, because it belongs to the whole process: tensors
are created with a dtype, and :func:`~sklearn_gradlasso.utils.seeds.float32_by_default`
is for networks of the user.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import torch

__all__ = ["default_modes"]

_DEVICE_TYPES = ("cpu", "cuda")


@contextmanager
def default_modes() -> Iterator[None]:
    """Torch's modes as they are if a program sets none of them.

    The context can also be used as a decorator.
    """
    contexts = list(_contexts())
    if not contexts:  # Most calls end here, which saves a few microseconds.
        yield
        return
    with ExitStack() as stack:
        for each in contexts:
            stack.enter_context(each)
        yield


def _contexts() -> Iterator[AbstractContextManager]:
    """Contexts that leave the modes which are not torch's defaults."""
    if torch.is_inference_mode_enabled():
        yield torch.inference_mode(False)
    for kind in _DEVICE_TYPES:
        if torch.is_autocast_enabled(kind):
            yield torch.autocast(kind, enabled=False)
    if torch.get_default_device().type != "cpu":
        yield torch.device("cpu")
    if not torch.is_grad_enabled():
        yield torch.enable_grad()
