import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from sklearn_gradlasso.datasets import _tables, fetch_adult, make_sparse_regions


def test_sparse_regions_are_as_described():
    X, y, relevant = make_sparse_regions(6000, random_state=0)
    assert X.shape == relevant.shape == (6000, 49)
    region = X[:, :6].argmax(1)
    assert np.bincount(region).tolist() == [1000] * 6
    raised = X[np.arange(6000), region]
    assert raised.mean() == pytest.approx(10, abs=0.1)
    X[np.arange(6000), region] -= 10
    assert X.mean() == pytest.approx(0, abs=0.01)
    assert X.std() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(y, (X[relevant].reshape(-1, 2).prod(1) > 0))
    first = relevant.argmax(1)
    np.testing.assert_array_equal(first, 6 + 2 * region)
    assert (relevant.sum(1) == 2).all()


def test_sparse_regions_hold_nothing_for_a_linear_model():
    X, y, _ = make_sparse_regions(6000, random_state=0)
    linear = LogisticRegression(max_iter=500).fit(X[:3000], y[:3000])
    assert linear.score(X[3000:], y[3000:]) == pytest.approx(0.5, abs=0.03)


def test_sparse_regions_follow_the_seed():
    first, second = (make_sparse_regions(50, random_state=3) for _ in range(2))
    other = make_sparse_regions(50, random_state=4)
    assert all((a == b).all() for a, b in zip(first, second))
    assert not (first[0] == other[0]).all()


def test_sparse_regions_of_other_sizes():
    X, _, relevant = make_sparse_regions(
        30, 12, n_regions=2, offset=5.0, random_state=0
    )
    assert X.shape == (30, 12)
    assert set(np.flatnonzero(relevant.any(0))) == {2, 3, 4, 5}
    with pytest.raises(ValueError, match=r"n_features.*3 \* n_regions = 18.*got 17"):
        make_sparse_regions(30, 17)
    with pytest.raises(ValueError, match="n_samples must be a positive integer, got 0"):
        make_sparse_regions(0)


@pytest.fixture
def small_adult(tmp_path):
    """A file in the form of adult.csv.gz, with 3 training and 2 test rows."""
    frame = pd.DataFrame(
        {
            "age": [39, 50, 38, 25, 38],
            "workclass": ["State-gov", "?", "Private", "Private", "Private"],
            "income": ["<=50K", "<=50K", ">50K", "<=50K", ">50K"],
            "split": ["train"] * 3 + ["test"] * 2,
        }
    )
    frame.to_csv(tmp_path / "adult.csv.gz", index=False)
    return tmp_path


@pytest.mark.parametrize("where", ["argument", "environment"])
def test_adult_is_read_from_the_folder(small_adult, monkeypatch, where):
    given = {}
    if where == "argument":
        given = {"data_home": small_adult}
    else:
        monkeypatch.setenv("SKLEARN_GRADLASSO_DATA", str(small_adult))
    bunch = fetch_adult(**given)
    assert bunch.data.shape == (5, 2)
    assert bunch.data["workclass"].isna().tolist() == [False, True] + 3 * [False]
    assert bunch.target_names == ["<=50K", ">50K"]
    assert bunch.split.tolist() == ["train"] * 3 + ["test"] * 2
    X, y = fetch_adult(subset="test", return_X_y=True, **given)
    assert X.index.tolist() == [0, 1]
    assert y.tolist() == ["<=50K", ">50K"]


def test_adult_says_where_to_put_the_file(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="adult.csv.gz.*SKLEARN_GRADLASSO_DATA"):
        fetch_adult(data_home=tmp_path, download_if_missing=False)
    with pytest.raises(ValueError, match="subset must be.*got 'valid'"):
        fetch_adult(subset="valid")


@pytest.mark.parametrize("test_rows_first", [True, False])
def test_adult_from_openml_in_either_order(tmp_path, monkeypatch, test_rows_first):
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    parts = []
    for split, n, n_rich in (("train", 32561, 7841), ("test", 16281, 3846)):
        income = rng.permutation(np.repeat([">50K", "<=50K"], [n_rich, n - n_rich]))
        parts.append(pd.DataFrame({"age": np.arange(n), "of": split, "class": income}))
    order = parts[::-1] if test_rows_first else parts
    frame = pd.concat(order, ignore_index=True)
    answer = Bunch(data=frame[["age", "of"]], target=frame["class"])
    monkeypatch.setattr(_tables, "fetch_openml", lambda **kwargs: answer)
    bunch = fetch_adult()
    assert (bunch.split == bunch.data["of"]).all()
    assert bunch.split[0] == "train"
    train = bunch.data[bunch.split == "train"]
    assert train["age"].tolist() == list(range(32561))

    answer.data = answer.data[1:]
    answer.target = answer.target[1:]
    with pytest.raises(FileNotFoundError, match="not in the published order"):
        fetch_adult()


def test_adult_without_a_network(tmp_path, monkeypatch):
    def refuse(**kwargs):
        raise OSError("no route")

    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr(_tables, "fetch_openml", refuse)
    with pytest.raises(
        FileNotFoundError, match="OpenML could not be reached: no route"
    ):
        fetch_adult()


def test_the_published_adult(data_folder):
    bunch = fetch_adult()
    assert bunch.data.shape == (48842, 14)
    train = bunch.split == "train"
    assert train.sum() == 32561
    assert (bunch.target[train] == ">50K").sum() == 7841
    assert bunch.data.isna().sum().sum() == 2799 + 2809 + 857
