"""What all fetchers share: where their files are looked for, and their documentation.

A file is looked for in ``data_home`` if that is given. Otherwise it is looked for in
the folder that the environment variable ``SKLEARN_GRADLASSO_DATA`` names, and then in
scikit-learn's data home.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import fetch_openml, get_data_home
from sklearn.utils import Bunch

from ..utils.docstrings import substituted

__all__ = [
    "check_subset",
    "documented",
    "from_openml",
    "in_subset",
    "load",
    "load_csv",
    "not_found",
]

# What the docstrings of fetchers say about a parameter or an error that they share.
DOCUMENTED = {
    "subset": """subset : {"all", "train", "test"}, default="all"
    Part of the published split. "all" has the training samples before the test
    samples.""",
    "data_home": """data_home : str or path-like, default=None
    Folder of ``{file}``. ``None`` means the folder that the environment
    variable ``SKLEARN_GRADLASSO_DATA`` names, and after it scikit-learn's data
    home. {where}""",
    "download_if_missing": """download_if_missing : bool, default=True
    Whether to download the data from {source} if the file is missing.""",
    "return_X_y": """return_X_y : bool, default=False
    Whether to return ``(data, target)`` instead of a Bunch.""",
    "FileNotFoundError": """FileNotFoundError
    If the file is missing{missing}.""",
}


def documented(file: str, source: str | None = None) -> Callable[[Callable], Callable]:
    """Decorator that writes into the docstring of a fetcher what all fetchers share.

    The docstring must have the marker ``{FileNotFoundError}``, and one such as
    ``{data_home}`` for each parameter that is in ``DOCUMENTED``.

    Parameters
    ----------
    file : str
        Name of the file.
    source : str, default=None
        Where the data can be downloaded from; None if there is no download.
    """
    own = {"{file}": file, "{where}": "There is no download.", "{missing}": ""}
    if source is not None:
        own["{source}"] = source
        own["{where}"] = "Downloads are kept in the folder given, or in that data home."
        own["{missing}"] = " and is not to be, or cannot be, downloaded"

    def decorate(fetch: Callable) -> Callable:
        names = {*inspect.signature(fetch).parameters, "FileNotFoundError"}
        shared = {"{" + n + "}": text for n, text in DOCUMENTED.items() if n in names}
        text = substituted(inspect.cleandoc(fetch.__doc__), shared)
        fetch.__doc__ = substituted(text, own)
        return fetch

    return decorate


def load(
    name: str,
    data_home: str | os.PathLike | None,
    read: Callable[[Path], Any],
    download: Callable[[str | os.PathLike | None], Any] | None = None,
    download_if_missing: bool = True,
) -> Any:
    """The contents of a file, or of its download if it is missing.

    Parameters
    ----------
    name : str
        Name of the file.
    data_home : str, path-like or None
        Where to look; see the top of this file.
    read : callable, ``path -> contents``
    download : callable, ``data_home -> contents``, default=None
        None if there is no download.
    download_if_missing : bool, default=True
        Whether the user allows the download.

    Raises
    ------
    FileNotFoundError
        If the file is missing and there is no download, or none is allowed.
    """
    path = _find(name, data_home)
    if path is not None:
        return read(path)
    if download is None or not download_if_missing:
        raise not_found(name, has_download=download is not None)
    return download(data_home)


def load_csv(name: str, data_home, download=None, download_if_missing=True, **options):
    """A file as ``pandas.read_csv`` reads it with the options; see ``load``."""

    def read(path):
        import pandas as pd

        return pd.read_csv(path, **options)

    return load(name, data_home, read, download, download_if_missing)


def from_openml(name: str, data_home, data_id: int, *, as_frame: bool) -> Bunch:
    """The data set of OpenML that takes the place of a missing file.

    Raises
    ------
    FileNotFoundError
        If OpenML cannot be reached.
    """
    try:
        return fetch_openml(data_id=data_id, as_frame=as_frame, data_home=data_home)
    except OSError as error:
        raise not_found(name, f"OpenML could not be reached: {error}") from error


def not_found(
    name: str, reason: str = "", *, has_download: bool = True
) -> FileNotFoundError:
    """The error for a missing file: what to do, and why its download failed."""
    fix = ", or allow the download." if has_download else "; there is no download."
    return FileNotFoundError(
        f"{name} was not found. Put it into the folder that data_home= or the "
        f"environment variable SKLEARN_GRADLASSO_DATA names{fix} {reason}".rstrip()
    )


def check_subset(subset: str) -> None:
    """Raise a ``ValueError`` unless it is a part of the published split, or "all"."""
    if subset not in ("all", "train", "test"):
        raise ValueError(f"subset must be 'all', 'train' or 'test', got {subset!r}.")


def in_subset(split: np.ndarray, subset: str) -> np.ndarray:
    """Which rows belong to the subset."""
    return np.full(len(split), True) if subset == "all" else split == subset


def _find(name: str, data_home) -> Path | None:
    named = os.environ.get("SKLEARN_GRADLASSO_DATA") if data_home is None else data_home
    if named and (path := Path(named).expanduser() / name).is_file():
        return path
    path = Path(get_data_home(data_home)) / name  # get_data_home creates the folder
    return path if path.is_file() else None
