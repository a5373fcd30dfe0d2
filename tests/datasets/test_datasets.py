import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from sklearn_gradlasso.datasets import (
    _files,
    _newsgroups,
    fetch_adult,
    fetch_mnist,
    fetch_newsgroups_pair,
    make_colour_grid,
    make_decoy,
    make_iris_cancer,
    make_sparse_regions,
)


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


def test_colour_grid_satisfies_both_rules_or_neither():
    X, y, (corners, top) = make_colour_grid(3001, random_state=0)
    assert X.shape == (3001, 75)
    assert np.bincount(y).tolist() == [1501, 1500]
    colours, grid = np.unique(X.reshape(-1, 3), axis=0, return_inverse=True)
    assert len(colours) == 4
    grid = grid.reshape(-1, 5, 5)
    one_colour = np.ptp(grid[:, [0, 0, 4, 4], [0, 4, 0, 4]], axis=1) == 0
    three = [len(set(pixels)) == 3 for pixels in grid[:, 0, 1:4]]
    np.testing.assert_array_equal(one_colour, y == 0)
    np.testing.assert_array_equal(three, y == 0)
    marked = corners.reshape(5, 5, 3).all(axis=2)
    assert np.argwhere(marked).tolist() == [[0, 0], [0, 4], [4, 0], [4, 4]]
    assert np.argwhere(top.reshape(5, 5, 3).all(axis=2)).tolist() == [
        [0, 1],
        [0, 2],
        [0, 3],
    ]
    assert corners.sum() == 12 and top.sum() == 9
    for label in (0, 1):  # every pattern that is allowed comes up
        pixels = grid[y == label][:, 0, 1:4]
        assert len(np.unique(pixels, axis=0)) == (24 if label == 0 else 40)
    again = make_colour_grid(3001, random_state=0)[0]
    np.testing.assert_array_equal(again, X)
    with pytest.raises(ValueError, match="n_samples"):
        make_colour_grid(0)


def test_iris_cancer_is_two_data_sets_side_by_side():
    X, y, decoy = make_iris_cancer()
    iris, cancer = load_iris(), load_breast_cancer()
    np.testing.assert_array_equal(X[:, decoy], iris.data[50:])
    np.testing.assert_array_equal(X[50:, ~decoy], cancer.data[cancer.target == 1][:50])
    np.testing.assert_array_equal(X[:50, ~decoy], cancer.data[cancer.target == 0][:50])
    assert np.bincount(y).tolist() == [50, 50]
    frame, _, _ = make_iris_cancer(as_frame=True)
    assert frame.columns[decoy].tolist() == iris.feature_names
    np.testing.assert_array_equal(frame.to_numpy(), X)


@pytest.mark.parametrize("channels", [(), (3,)])
def test_decoy_shades_follow_the_label_in_training_only(channels):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(400, 9, 7, *channels), dtype=np.uint8)
    images[0] = 255
    labels = rng.integers(10, size=400)
    before = images.copy()
    for informative in (True, False):
        decoyed, marked = make_decoy(
            images, labels, patch=3, informative=informative, random_state=0
        )
        np.testing.assert_array_equal(images, before)
        np.testing.assert_array_equal(decoyed[~marked], images[~marked])
        n_values = 9 * (channels or (1,))[0]
        assert (marked.reshape(400, -1).sum(axis=1) == n_values).all()
        shades = decoyed[marked].reshape(400, n_values)
        assert (np.ptp(shades, axis=1) == 0).all()
        follows = shades[:, 0] == 255 - 25 * labels
        assert follows.mean() == 1 if informative else 0.02 < follows.mean() < 0.2
    flat = marked.reshape(400, 9, 7, -1)[..., 0]
    corners = [flat[:, row, column] for row in (0, -1) for column in (0, -1)]
    assert np.sum(corners, axis=0).tolist() == [1] * 400
    assert min(map(np.sum, corners)) > 60


def test_decoy_of_more_labels_and_other_scales():
    images = np.ones((50, 4, 4))
    decoyed, marked = make_decoy(images, np.arange(50), patch=1, random_state=0)
    np.testing.assert_allclose(decoyed[marked], 1 - np.arange(50) / 50)
    for given, message in [
        ((images[0], [0] * 4), "images must have shape"),
        ((images, [0, 1]), "labels must be one for each of the 50 images"),
    ]:
        with pytest.raises(ValueError, match=message):
            make_decoy(*given)
    with pytest.raises(ValueError, match="patch=5 does not fit into 4 x 4"):
        make_decoy(images, np.arange(50), patch=5)


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    """No folder has the files, and the network does not answer."""

    def refuse(**kwargs):
        raise OSError("no route")

    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr(_files, "fetch_openml", refuse)
    monkeypatch.setattr(_newsgroups, "fetch_20newsgroups", refuse)


@pytest.mark.parametrize(
    ("fetch", "name"),
    [(fetch_mnist, "mnist.npz"), (fetch_newsgroups_pair, "newsgroups_2.csv.gz")],
)
def test_a_missing_file_is_named(no_data, fetch, name):
    with pytest.raises(FileNotFoundError, match=f"{name}.*SKLEARN_GRADLASSO_DATA"):
        fetch(download_if_missing=False)
    with pytest.raises(FileNotFoundError, match=f"{name}.*no route"):
        fetch()
    with pytest.raises(ValueError, match="subset must be"):
        fetch(subset="valid")


def test_mnist_from_a_file_and_from_openml(tmp_path, no_data, monkeypatch):
    images = np.arange(5 * 784, dtype=np.uint8).reshape(5, 28, 28)
    digits = np.arange(5, dtype=np.uint8)
    np.savez(
        tmp_path / "mnist.npz",
        X_train=images[:3],
        y_train=digits[:3],
        X_test=images[3:],
        y_test=digits[3:],
    )
    bunch = fetch_mnist(data_home=tmp_path)
    assert bunch.split.tolist() == 3 * ["train"] + 2 * ["test"]
    np.testing.assert_array_equal(bunch.images, images)
    X, y = fetch_mnist(subset="test", data_home=tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, images[3:].reshape(2, 784))
    assert y.tolist() == [3, 4]
    (tmp_path / "mnist.npz").unlink()

    data = np.zeros((70_000, 784), dtype=np.int16)
    answer = Bunch(data=data, target=np.full(70_000, "7"))
    monkeypatch.setattr(_files, "fetch_openml", lambda **kwargs: answer)
    bunch = fetch_mnist()
    assert (bunch.split == "train").sum() == 60_000
    assert bunch.data.dtype == np.uint8 and set(bunch.target) == {7}
    answer.data = data[1:]
    with pytest.raises(FileNotFoundError, match="shape"):
        fetch_mnist()


def test_newsgroups_from_a_file_and_from_scikit_learn(tmp_path, no_data, monkeypatch):
    text = "From: a@b\n\n> quoted\nown words\n\n--\nsigned"
    frame = pd.DataFrame(
        {
            "group": ["alt.atheism", "soc.religion.christian", "alt.atheism"],
            "split": ["train", "train", "test"],
            "id": ["1", "2", "3"],
            "text": [text, "", text],
        }
    )
    frame.to_csv(tmp_path / "newsgroups_2.csv.gz", index=False)
    bunch = fetch_newsgroups_pair(data_home=tmp_path)
    assert bunch.target.tolist() == [0, 1, 0]
    assert bunch.data == [text, "", text]
    parts = ("headers", "footers", "quotes")
    texts, target = fetch_newsgroups_pair(
        subset="test", remove=parts, data_home=tmp_path, return_X_y=True
    )
    assert [t.strip() for t in texts] == ["own words"] and target.tolist() == [0]
    with pytest.raises(ValueError, match="remove must be among.*'signatures'"):
        fetch_newsgroups_pair(remove=["signatures"])
    (tmp_path / "newsgroups_2.csv.gz").unlink()

    def answer(subset, **kwargs):
        return Bunch(data=[subset], target=np.array([1]))

    monkeypatch.setattr(_newsgroups, "fetch_20newsgroups", answer)
    bunch = fetch_newsgroups_pair()
    assert bunch.data == bunch.split.tolist() == ["train", "test"]


def test_the_published_mnist_and_newsgroups(data_folder):
    digits = fetch_mnist(subset="train")
    assert digits.data.shape == (60_000, 784)
    assert np.bincount(digits.target)[:3].tolist() == [5923, 6742, 5958]
    texts, target = fetch_newsgroups_pair(subset="test", return_X_y=True)
    assert len(texts) == 717 and target.sum() == 398


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
    monkeypatch.setattr(_files, "fetch_openml", lambda **kwargs: answer)
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
    monkeypatch.setattr(_files, "fetch_openml", refuse)
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
