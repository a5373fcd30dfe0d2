"""Fetchers of labelled sentences, in the versions of Kim (2014)."""

from __future__ import annotations

import os

from sklearn.utils import Bunch

from ._files import advice, check_subset, find, in_subset

__all__ = ["fetch_mpqa", "fetch_subj", "fetch_trec"]


def fetch_mpqa(
    *, data_home: str | os.PathLike | None = None, return_X_y: bool = False
) -> Bunch | tuple:
    """Phrases from news with the polarity of the opinion they express (needs pandas).

    10,606 phrases of 3 words on average, tokens separated by spaces, sorted by label.
    Three of them are empty and 2,365 repeat an earlier one, some with the other label.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder with ``mpqa.csv.gz``. There is no download.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), 0 negative and 1
        positive; ``target_names``.

    Raises
    ------
    FileNotFoundError
        If the file is not there.

    References
    ----------
    J. Wiebe, T. Wilson, C. Cardie (2005). Annotating expressions of opinions and
    emotions in language. Language Resources and Evaluation 39.
    """
    return _fetch("mpqa.csv.gz", ["negative", "positive"], data_home, return_X_y)


def fetch_subj(
    *, data_home: str | os.PathLike | None = None, return_X_y: bool = False
) -> Bunch | tuple:
    """Sentences about films, subjective or objective (needs pandas).

    5,000 sentences of each kind, tokens separated by spaces, sorted by label.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder with ``subj.csv.gz``. There is no download.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), 0 subjective and 1
        objective; ``target_names``.

    Raises
    ------
    FileNotFoundError
        If the file is not there.

    References
    ----------
    B. Pang, L. Lee (2004). A sentimental education: sentiment analysis using
    subjectivity summarization based on minimum cuts. ACL.
    """
    return _fetch("subj.csv.gz", ["subjective", "objective"], data_home, return_X_y)


def fetch_trec(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Questions with the type of their answer (needs pandas).

    5,452 training and 500 test questions, tokens separated by spaces; answers are
    descriptions, entities, abbreviations, humans, locations or numbers.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        Questions of the published split; "all" are the training ones, then the test
        ones.
    data_home : str or path-like, default=None
        Folder with ``trec.csv.gz``. There is no download.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), the position of the
        type in ``target_names``; ``split``: ndarray of shape (n,) of "train" and
        "test"; ``target_names``.

    Raises
    ------
    ValueError
        If the subset is unknown.
    FileNotFoundError
        If the file is not there.

    References
    ----------
    X. Li, D. Roth (2002). Learning question classifiers. COLING.
    """
    check_subset(subset)
    names = ["DESC", "ENTY", "ABBR", "HUM", "LOC", "NUM"]
    return _fetch("trec.csv.gz", names, data_home, return_X_y, subset)


def _fetch(name: str, target_names, data_home, return_X_y: bool, subset=None):
    import pandas as pd

    path = find(name, data_home)
    if path is None:
        raise FileNotFoundError(advice(name, download=False))
    frame = pd.read_csv(path, keep_default_na=False)
    published = {}
    if subset is not None:
        frame = frame[in_subset(frame["split"].to_numpy(dtype=str), subset)]
        published["split"] = frame["split"].to_numpy(dtype=str)
    data, target = frame["text"].tolist(), frame["label"].to_numpy(dtype=int)
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=list(target_names), **published)
