"""Fits that must answer in time, and those that have not been made yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:  # a program that is asked has no need of it
    from results import Results

TIMED_OUT = "no answer within"
NOT_FINISHED = "not finished within"


def answer_in_time(script: str, arguments: list, seconds: float) -> dict:
    """What a program answers in a process of its own, ended after so many seconds.

    Parameters
    ----------
    script : str
        Prints figures as JSON, a line each time it knows more of them.
    arguments : list
    seconds : float

    Returns
    -------
    dict
        The last figures. If the time was up, the seconds with them: as ``TIMED_OUT`` if
        there were none, as ``NOT_FINISHED`` if there were some.
    """
    command = [sys.executable, script, *map(str, arguments)]
    # The program imports what its caller can import.
    known = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        answer = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, timeout=seconds, env=known
        ).stdout
    except subprocess.TimeoutExpired as late:
        found = _figures(late.stdout or b"")
        key = NOT_FINISHED if found else TIMED_OUT
        return {**(found[-1] if found else {}), key: seconds}
    return _figures(answer)[-1]


def _figures(printed: bytes) -> list[dict]:
    lines = printed.decode().splitlines(keepends=True)
    whole = (line for line in lines if line.startswith("{") and line.endswith("\n"))
    return [json.loads(line) for line in whole]


def fit_missing(
    results: Results,
    n_splits: int,
    seconds: float,
    answer: Callable[[int], dict],
    label: str,
) -> None:
    """Ask for the splits that are not recorded, until there is no answer in time.

    Parameters
    ----------
    results : Results
    n_splits : int
    seconds : float
        The time box. A split that had no answer in less time is asked for again.
    answer : callable
        ``split -> figures``.
    label : str
        What the progress is about.
    """
    for split, each in list(results.runs.items()):
        if each["figures"].get(TIMED_OUT, seconds) < seconds:
            del results.runs[split]  # it has more time now
    for split in tqdm(results.missing(n_splits), desc=label, unit="fit"):
        if any(TIMED_OUT in each for each in results.figures()):
            break
        results.add(split, answer(split), n_jobs=1)
