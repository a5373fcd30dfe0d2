"""Fetchers of images: prepared files first, then the public source."""

from __future__ import annotations

import os

import numpy as np
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch

from ._find import advice, check_subset, find, in_subset

__all__ = ["fetch_mnist"]

MNIST_TRAIN_ROWS, MNIST_ROWS = 60_000, 70_000


def fetch_mnist(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Handwritten digits with their published split.

    70,000 grey images of 28 x 28 pixels, 60,000 of them published as training data.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        Images of the published split; "all" are the training images, then the test
        images.
    data_home : str or path-like, default=None
        Folder with ``mnist.npz``, or where scikit-learn keeps its downloads.
    download_if_missing : bool, default=True
        Whether to ask OpenML (data set 554) if the file is not there.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data``: ndarray of shape (n, 784), uint8 from 0 (background) to 255;
        ``images``: the same as (n, 28, 28); ``target``: ndarray of shape (n,) of the
        digits; ``split``: ndarray of shape (n,) of "train" and "test".

    Raises
    ------
    ValueError
        If the subset is unknown.
    FileNotFoundError
        If the file is not there and is not to be, or cannot be, downloaded.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998). Gradient-based learning applied
    to document recognition. Proceedings of the IEEE 86(11).
    """
    check_subset(subset)
    path = find("mnist.npz", data_home)
    if path is not None:
        with np.load(path) as file:
            parts = {name: file[name] for name in file.files}
        data = np.concatenate([parts["X_train"], parts["X_test"]]).reshape(-1, 784)
        target = np.concatenate([parts["y_train"], parts["y_test"]])
        n_train = len(parts["y_train"])
    elif download_if_missing:
        data, target = _download_mnist(data_home)
        n_train = MNIST_TRAIN_ROWS
    else:
        raise FileNotFoundError(advice("mnist.npz"))
    split = np.repeat(["train", "test"], [n_train, len(data) - n_train])
    rows = in_subset(split, subset)
    data, target = data[rows], target[rows].astype(int)
    if return_X_y:
        return data, target
    images = data.reshape(-1, 28, 28)
    return Bunch(data=data, images=images, target=target, split=split[rows])


def _download_mnist(data_home) -> tuple[np.ndarray, np.ndarray]:
    try:
        bunch = fetch_openml(data_id=554, as_frame=False, data_home=data_home)
    except OSError as error:
        raise FileNotFoundError(
            f"{advice('mnist.npz')} OpenML could not be reached: {error}"
        ) from error
    if bunch.data.shape != (MNIST_ROWS, 784):
        raise FileNotFoundError(
            f"{advice('mnist.npz')} OpenML gave data of shape {bunch.data.shape}."
        )
    return bunch.data.astype(np.uint8), bunch.target.astype(int)
