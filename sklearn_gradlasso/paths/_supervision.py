"""What the threads that train many networks share with the caller: progress, stop."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock

from tqdm.auto import tqdm

__all__ = ["Progress", "Stop"]


class Stop(Event):
    """An event that the first keyboard interrupt sets; a second one is raised.

    While it is set no network starts, and those in training end after their epoch, with
    what they have learned.
    """

    def outlasted(self, call: Callable, *args, **kwargs):
        """Call a function, and call it again if the first interrupt comes meanwhile."""
        try:
            return call(*args, **kwargs)
        except KeyboardInterrupt:
            if self.is_set():
                raise
            self.set()
            return call(*args, **kwargs)


class Progress:
    """A bar of all epochs; a network that ends early takes its remaining ones along.

    Networks that are trained as one end at about the same time, so that a bar of
    networks would stand still until then. Threads may call the methods.

    Parameters
    ----------
    title : str
    n_networks : int
    max_epochs : int
        Number of epochs that a network may take; those of parts of other sizes may
        differ a little.
    shown : bool
    """

    def __init__(self, title: str, n_networks: int, max_epochs: int, shown: bool):
        self.n_networks, self.n_ended = n_networks, 0
        self._lock = Lock()
        total = n_networks * max_epochs
        self._bar = tqdm(total=total, desc=title, unit="epoch", disable=not shown)
        self._tell()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_) -> None:
        self._bar.close()

    def epoch(self, n_networks: int) -> None:
        """Networks have been trained for another epoch."""
        with self._lock:
            self._bar.update(n_networks)

    def ended(self, n_left: int) -> None:
        """A network has ended when so many epochs were left."""
        with self._lock:
            self.n_ended += 1
            self._bar.update(n_left)
            self._tell()

    def _tell(self) -> None:
        told = f"{self.n_ended} of {self.n_networks} networks trained"
        self._bar.set_postfix_str(told, refresh=False)
