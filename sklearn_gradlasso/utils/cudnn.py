"""The one place where cuDNN is switched off, for the sake of recurrent layers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

__all__ = ["twice_differentiable"]


@contextmanager
def twice_differentiable(module: nn.Module, x: Tensor) -> Iterator[None]:
    """Let recurrent layers be differentiated twice, and in evaluation mode.

    cuDNN's fused recurrent kernels support neither. Torch's own kernels support both
    and are a little slower.
    """
    fused = x.is_cuda and any(isinstance(m, nn.RNNBase) for m in module.modules())
    if not fused:
        yield
        return
    _switch_off()
    try:
        yield
    finally:
        _switch_back()


# The switch is shared by all threads. The first thread that needs cuDNN off switches it
# off, and the last one puts it back.
_LOCK = threading.Lock()
_SWITCHED = {"users": 0, "enabled": True}


def _switch_off() -> None:
    with _LOCK:
        if not _SWITCHED["users"]:
            _SWITCHED["enabled"] = torch.backends.cudnn.enabled
            torch.backends.cudnn.enabled = False
        _SWITCHED["users"] += 1


def _switch_back() -> None:
    with _LOCK:
        _SWITCHED["users"] -= 1
        if not _SWITCHED["users"]:
            torch.backends.cudnn.enabled = _SWITCHED["enabled"]
