"""Labelled sentences in the versions of Kim (2014): prepared files only."""

from __future__ import annotations

import os

from sklearn.utils import Bunch

from ._files import check_subset, documented, in_subset, load_csv

__all__ = ["fetch_mpqa", "fetch_subj", "fetch_trec"]


@documented("mpqa.csv.gz")
def fetch_mpqa(
    *, data_home: str | os.PathLike | None = None, return_X_y: bool = False
) -> Bunch | tuple:
    """Phrases from news with the polarity of the opinion they express (needs pandas).

    There are 10,606 phrases of 3 words on average. They are sorted by label, and spaces
    separate the tokens. Three phrases are empty and 2,365 repeat an earlier one, some
    with the other label.

    Parameters
    ----------
    {data_home}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), 0 for negative and 1
        for positive; ``target_names``.

    Raises
    ------
    {FileNotFoundError}

    References
    ----------
    J. Wiebe, T. Wilson, C. Cardie (2005). Annotating expressions of opinions and
    emotions in language. Language Resources and Evaluation 39.
    """
    return _fetch("mpqa.csv.gz", ["negative", "positive"], data_home, return_X_y)


@documented("subj.csv.gz")
def fetch_subj(
    *, data_home: str | os.PathLike | None = None, return_X_y: bool = False
) -> Bunch | tuple:
    """Sentences about films, subjective or objective (needs pandas).

    There are 5,000 sentences of each kind. They are sorted by label, and spaces
    separate the tokens.

    Parameters
    ----------
    {data_home}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: list of str; ``target``: ndarray of shape (n,), 0 for subjective and 1
        for objective; ``target_names``.

    Raises
    ------
    {FileNotFoundError}

    References
    ----------
    B. Pang, L. Lee (2004). A sentimental education: sentiment analysis using
    subjectivity summarization based on minimum cuts. ACL.
    """
    return _fetch("subj.csv.gz", ["subjective", "objective"], data_home, return_X_y)


@documented("trec.csv.gz")
def fetch_trec(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Questions with the type of their answer (needs pandas).

    There are 5,452 training and 500 test questions, and spaces separate the tokens.
    The answers are descriptions, entities, abbreviations, humans, locations or numbers.

    Parameters
    ----------
    {subset}
    {data_home}
    {return_X_y}

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
    {FileNotFoundError}

    References
    ----------
    X. Li, D. Roth (2002). Learning question classifiers. COLING.
    """
    check_subset(subset)
    names = ["DESC", "ENTY", "ABBR", "HUM", "LOC", "NUM"]
    return _fetch("trec.csv.gz", names, data_home, return_X_y, subset)


def _fetch(name: str, target_names, data_home, return_X_y: bool, subset=None):
    frame = load_csv(name, data_home, keep_default_na=False)
    published = {}
    if subset is not None:
        frame = frame[in_subset(frame["split"].to_numpy(dtype=str), subset)]
        published["split"] = frame["split"].to_numpy(dtype=str)
    data, target = frame["text"].tolist(), frame["label"].to_numpy(dtype=int)
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=list(target_names), **published)
