"""Images: prepared files, or OpenML for MNIST."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from ._files import (
    check_subset,
    documented,
    from_openml,
    in_subset,
    load,
    not_found,
)

__all__ = ["fetch_cifar10_small", "fetch_mnist"]

MNIST, CIFAR10 = "mnist.npz", "cifar10_small.npz"
MNIST_TRAIN_ROWS, MNIST_ROWS = 60_000, 70_000
CIFAR10_KINDS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@documented(MNIST, source="OpenML (data set 554)")
def fetch_mnist(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Handwritten digits with their published split.

    There are 70,000 grey images of 28 x 28 pixels, of which 60,000 were published as
    training data.

    Parameters
    ----------
    {subset}
    {data_home}
    {download_if_missing}
    {return_X_y}

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
    {FileNotFoundError}

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998). Gradient-based learning applied
    to document recognition. Proceedings of the IEEE 86(11).
    """
    check_subset(subset)
    published = load(MNIST, data_home, _read, _download_mnist, download_if_missing)
    return _part(published, subset, return_X_y)


@documented(CIFAR10)
def fetch_cifar10_small(
    *,
    subset: str = "all",
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple:
    """Part of CIFAR-10: colour images of ten kinds of animals and vehicles.

    These are the first 4,000 training images and the first 1,000 test images, of 32 x
    32 pixels, in the original order. Accuracies on this part cannot be compared with
    published ones.

    Parameters
    ----------
    {subset}
    {data_home}
    {return_X_y}

    Returns
    -------
    Bunch
        ``data``: ndarray of shape (n, 3072), uint8 from 0 (dark) to 255, with the red,
        green and blue of a pixel next to each other and the pixels row by row;
        ``images``: the same as (n, 32, 32, 3); ``target``: ndarray of shape (n,), the
        position of the kind in ``target_names``; ``split``: ndarray of shape (n,) of
        "train" and "test"; ``target_names``.

    Raises
    ------
    ValueError
        If the subset is unknown.
    {FileNotFoundError}

    References
    ----------
    A. Krizhevsky (2009). Learning multiple layers of features from tiny images.
    Technical report, University of Toronto.
    """
    check_subset(subset)
    found = _part(load(CIFAR10, data_home, _read), subset, return_X_y)
    if not return_X_y:
        found.target_names = list(CIFAR10_KINDS)
    return found


@dataclass(frozen=True)
class _Published:
    """Images of shape (n, height, width[, 3]) with labels, training images first."""

    images: np.ndarray
    target: np.ndarray
    n_train: int


def _read(path: Path) -> _Published:
    with np.load(path) as file:
        images, target = (
            np.concatenate([file[f"{name}_train"], file[f"{name}_test"]])
            for name in "Xy"
        )
        return _Published(images, target, len(file["y_train"]))


def _part(published: _Published, subset: str, return_X_y: bool) -> Bunch | tuple:
    n_test = len(published.images) - published.n_train
    split = np.repeat(["train", "test"], [published.n_train, n_test])
    rows = in_subset(split, subset)
    images, target = published.images[rows], published.target[rows].astype(int)
    data = images.reshape(len(images), -1)
    if return_X_y:
        return data, target
    return Bunch(data=data, images=images, target=target, split=split[rows])


def _download_mnist(data_home) -> _Published:
    bunch = from_openml(MNIST, data_home, 554, as_frame=False)
    if bunch.data.shape != (MNIST_ROWS, 784):
        raise not_found(MNIST, f"OpenML gave data of shape {bunch.data.shape}.")
    images = bunch.data.astype(np.uint8).reshape(-1, 28, 28)
    return _Published(images, bunch.target.astype(int), MNIST_TRAIN_ROWS)
