"""Messages of two newsgroups: a prepared file, or scikit-learn's download."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from sklearn.datasets import fetch_20newsgroups
from sklearn.datasets._twenty_newsgroups import (
    strip_newsgroup_footer,
    strip_newsgroup_header,
    strip_newsgroup_quoting,
)
from sklearn.utils import Bunch

from ._files import check_subset, documented, in_subset, load, not_found

__all__ = ["fetch_newsgroups_pair"]

FILE = "newsgroups_2.csv.gz"
GROUPS = ["alt.atheism", "soc.religion.christian"]
STRIP = {
    "headers": strip_newsgroup_header,
    "footers": strip_newsgroup_footer,
    "quotes": strip_newsgroup_quoting,
}


@documented(FILE, source="scikit-learn's 20 Newsgroups")
def fetch_newsgroups_pair(
    *,
    subset: str = "all",
    remove: Sequence[str] = (),
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Messages of two newsgroups with their published split (needs pandas).

    There are 1,796 whole messages of alt.atheism and soc.religion.christian from the
    "bydate" version of 20 Newsgroups, of which 1,079 were published as training data.

    Parameters
    ----------
    {subset}
    remove : sequence of {"headers", "footers", "quotes"}, default=()
        Parts of the messages to take out, as in
        :func:`sklearn.datasets.fetch_20newsgroups`. Headers give the group away.
    {data_home}
    {download_if_missing}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), 0 for alt.atheism and
        1 for soc.religion.christian; ``split``: ndarray of shape (n,) of "train" and
        "test"; ``target_names``.

    Raises
    ------
    ValueError
        If the subset or a part to remove is unknown.
    {FileNotFoundError}

    References
    ----------
    K. Lang (1995). NewsWeeder: learning to filter netnews. ICML.
    """
    check_subset(subset)
    unknown = [part for part in remove if part not in STRIP]
    if unknown:
        raise ValueError(f"remove must be among {list(STRIP)}, got {unknown}.")
    texts, target, split = load(FILE, data_home, _read, _download, download_if_missing)
    rows = in_subset(split, subset)
    data = [text for text, kept in zip(texts, rows) if kept]
    for part in STRIP:
        if part in remove:
            data = [STRIP[part](text) for text in data]
    if return_X_y:
        return data, target[rows]
    return Bunch(data=data, target=target[rows], split=split[rows], target_names=GROUPS)


def _read(path) -> tuple[list[str], np.ndarray, np.ndarray]:
    import pandas as pd

    frame = pd.read_csv(path, keep_default_na=False, dtype=str)
    target = (frame["group"] == GROUPS[1]).to_numpy(dtype=int)
    return frame["text"].tolist(), target, frame["split"].to_numpy(dtype=str)


def _download(data_home) -> tuple[list[str], np.ndarray, np.ndarray]:
    texts, targets, splits = [], [], []
    try:
        for part in ("train", "test"):
            bunch = fetch_20newsgroups(
                subset=part, categories=GROUPS, shuffle=False, data_home=data_home
            )
            texts += bunch.data
            targets.append(bunch.target)
            splits.append(np.full(len(bunch.data), part))
    except OSError as error:
        reason = f"Scikit-learn could not download 20 Newsgroups: {error}"
        raise not_found(FILE, reason) from error
    return texts, np.concatenate(targets), np.concatenate(splits)
