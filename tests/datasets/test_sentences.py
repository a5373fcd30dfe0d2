"""The labelled sentences of Kim (2014)."""

import numpy as np
import pandas as pd
import pytest

from sklearn_gradlasso.datasets import fetch_mpqa, fetch_subj, fetch_trec

FETCHERS = {"mpqa": fetch_mpqa, "subj": fetch_subj, "trec": fetch_trec}


@pytest.mark.parametrize("name", FETCHERS)
def test_texts_and_labels_come_from_the_file(name, tmp_path):
    frame = pd.DataFrame(
        {
            "label": [1, 0, 1],
            "text": ["a b", "", "nan"],
            "split": ["train"] * 2 + ["test"],
        }
    )
    frame.to_csv(tmp_path / f"{name}.csv.gz", index=False)
    bunch = FETCHERS[name](data_home=tmp_path)
    assert bunch.data == ["a b", "", "nan"]
    assert bunch.target.tolist() == [1, 0, 1]
    texts, target = FETCHERS[name](data_home=tmp_path, return_X_y=True)
    assert (texts, target.tolist()) == (bunch.data, [1, 0, 1])
    if name == "trec":
        assert fetch_trec(subset="test", data_home=tmp_path).data == ["nan"]
        with pytest.raises(ValueError, match="subset must be"):
            fetch_trec(subset="valid", data_home=tmp_path)


@pytest.mark.parametrize("name", FETCHERS)
def test_a_missing_file_is_named(name, tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=f"{name}.csv.gz.*no download"):
        FETCHERS[name]()


def test_the_published_sentences(data_folder):
    counts = {
        name: np.bincount(fetch(data_home=data_folder).target).tolist()
        for name, fetch in FETCHERS.items()
    }
    assert counts["mpqa"] == [7294, 3312] and counts["subj"] == [5000, 5000]
    trec = fetch_trec(data_home=data_folder)
    assert len(trec.data) == 5952 and (trec.split == "test").sum() == 500
    names = dict(zip(trec.target_names, counts["trec"]))
    assert (names["ABBR"], names["HUM"]) == (95, 1288)
    assert (
        fetch_trec(subset="train", data_home=data_folder).data[0].startswith("How did")
    )
