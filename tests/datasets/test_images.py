"""The small part of CIFAR-10."""

import inspect

import numpy as np
import pytest

from sklearn_gradlasso.datasets import fetch_cifar10_small


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No folder has the file yet."""
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit_learn"))
    return tmp_path


def test_a_missing_file_is_named(nowhere):
    for given in ({}, {"data_home": nowhere}):
        with pytest.raises(FileNotFoundError, match="cifar10_small.npz.*no download"):
            fetch_cifar10_small(**given)
    assert (
        "download_if_missing" not in inspect.signature(fetch_cifar10_small).parameters
    )
    with pytest.raises(ValueError, match="subset must be.*got 'valid'"):
        fetch_cifar10_small(subset="valid")


@pytest.mark.parametrize("where", ["argument", "environment"])
def test_images_and_rows_are_the_same_numbers(nowhere, monkeypatch, where):
    images = np.arange(5 * 32 * 32 * 3).reshape(5, 32, 32, 3).astype(np.uint8)
    kinds = np.array([3, 0, 9, 1, 3], dtype=np.uint8)
    np.savez(
        nowhere / "cifar10_small.npz",
        X_train=images[:3],
        y_train=kinds[:3],
        X_test=images[3:],
        y_test=kinds[3:],
    )
    given = {"data_home": nowhere}
    if where == "environment":
        monkeypatch.setenv("SKLEARN_GRADLASSO_DATA", str(nowhere))
        given = {}
    bunch = fetch_cifar10_small(**given)
    np.testing.assert_array_equal(bunch.images, images)
    np.testing.assert_array_equal(bunch.data, images.reshape(5, 3072))
    assert bunch.data.dtype == bunch.images.dtype == np.uint8
    assert bunch.split.tolist() == 3 * ["train"] + 2 * ["test"]
    assert bunch.target.dtype.kind == "i" and bunch.target.tolist() == [3, 0, 9, 1, 3]
    assert bunch.target_names[3] == "cat" and len(bunch.target_names) == 10
    X, y = fetch_cifar10_small(subset="test", return_X_y=True, **given)
    np.testing.assert_array_equal(X, images[3:].reshape(2, 3072))
    assert y.tolist() == [1, 3]


def test_the_published_images(data_folder):
    train, test = (
        fetch_cifar10_small(subset=part, data_home=data_folder)
        for part in ("train", "test")
    )
    assert train.images.shape == (4000, 32, 32, 3)
    assert train.data.shape == (4000, 3072) and test.data.shape == (1000, 3072)
    counts = [396, 366, 420, 384, 422, 393, 414, 385, 407, 413]
    assert np.bincount(train.target).tolist() == counts
    counts = [103, 89, 100, 103, 90, 86, 112, 102, 106, 109]
    assert np.bincount(test.target).tolist() == counts
    names = [train.target_names[kind] for kind in train.target[:3]]
    assert names == ["frog", "truck", "truck"]
    assert train.target[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert test.target[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
    assert train.data[0, :3].tolist() == train.images[0, 0, 0].tolist() == [59, 62, 63]
    assert test.data[0, :3].tolist() == [158, 112, 49]
    channels = train.images.mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(channels, [0.492, 0.482, 0.445], atol=5e-4)
