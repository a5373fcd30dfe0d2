"""Data in which a wrong reason predicts the label as well as the right one."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.utils import check_array, check_random_state

from ..utils.validation import check_count

__all__ = ["make_colour_grid", "make_decoy", "make_iris_cancer"]

RED, GREEN, BLUE, VIOLET = (1, 0, 0), (0, 0.5, 0), (0, 0, 1), (0.5, 0, 0.5)
COLOURS = np.array([RED, GREEN, BLUE, VIOLET], dtype=float)
CORNERS, TOP_MIDDLE = [0, 4, 20, 24], [1, 2, 3]  # positions in the 5 x 5 grid


def make_colour_grid(
    n_samples: int = 20_000, *, random_state: int | np.random.RandomState | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images whose class follows from either of two rules.

    The images have 5 x 5 pixels, each of which is red, green, blue or violet. Images of
    class 0 satisfy both rules and those of class 1 neither: (1) the four corners have
    the same colour; (2) the three pixels in the middle of the top row all have
    different colours. All other pixels are noise. The classes are equally large (up to
    one image).

    The data follow the toy color dataset of Ross, Hughes and Doshi-Velez (2017),
    *Right for the Right Reasons*.

    Parameters
    ----------
    n_samples : int, default=20000
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 75)
        Red, green and blue parts of each pixel, in [0, 1].
        ``X.reshape(-1, 5, 5, 3)`` gives the images.
    y : ndarray of shape (n_samples,)
        Classes 0 and 1.
    rules : ndarray of shape (2, 75), bool
        The truth: the features of the corners, and those of the top middle.

    Raises
    ------
    ValueError
        If n_samples is not a positive integer.

    Examples
    --------
    >>> X, y, (corners, top_middle) = make_colour_grid(100, random_state=0)
    >>> X.shape, corners.sum(), top_middle.sum()
    ((100, 75), np.int64(12), np.int64(9))
    """
    check_count("n_samples", n_samples)
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples) % 2)
    grid = rng.randint(4, size=(n_samples, 25))
    for pixels, n_colours in ((CORNERS, 1), (TOP_MIDDLE, 3)):
        patterns = np.array(list(product(range(4), repeat=len(pixels))))
        kept = np.array([len(set(pattern)) == n_colours for pattern in patterns])
        for label, allowed in ((0, patterns[kept]), (1, patterns[~kept])):
            rows = np.flatnonzero(y == label)
            drawn = allowed[rng.randint(len(allowed), size=len(rows))]
            grid[np.ix_(rows, pixels)] = drawn
    X = COLOURS[grid].reshape(n_samples, 75)
    rules = np.zeros((2, 25, 3), dtype=bool)
    rules[0, CORNERS] = rules[1, TOP_MIDDLE] = True
    return X, y, rules.reshape(2, 75)


def make_iris_cancer(
    *, as_frame: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Medical rows of two classes, joined with four columns about flowers.

    Each row has 4 columns of Iris and then 30 of breast cancer. The first 50 samples
    of each class of breast cancer are joined with the 50 samples of versicolor and the
    50 of virginica, so the label follows from either part. To see what a model has
    learned from the flowers, set their columns to 0 in the test rows.

    The data are the iris-cancer data of Ross, Hughes and Doshi-Velez (2017), *Right
    for the Right Reasons*.

    Parameters
    ----------
    as_frame : bool, default=False
        Whether X is a DataFrame with the names of the columns (needs pandas).

    Returns
    -------
    X : ndarray or DataFrame of shape (100, 34)
    y : ndarray of shape (100,)
        0 malignant (and versicolor), 1 benign (and virginica).
    decoy : ndarray of shape (34,), bool
        The truth: the Iris columns.

    Examples
    --------
    >>> X, y, decoy = make_iris_cancer()
    >>> X.shape, decoy.nonzero()[0].tolist()
    ((100, 34), [0, 1, 2, 3])
    """
    iris, cancer = load_iris(), load_breast_cancer()
    flowers = [np.flatnonzero(iris.target == label) for label in (1, 2)]
    people = [np.flatnonzero(cancer.target == label)[:50] for label in (0, 1)]
    X = np.hstack(
        [iris.data[np.concatenate(flowers)], cancer.data[np.concatenate(people)]]
    )
    names = [str(name) for name in (*iris.feature_names, *cancer.feature_names)]
    if as_frame:
        import pandas as pd

        X = pd.DataFrame(X, columns=names)
    decoy = np.arange(len(names)) < len(iris.feature_names)
    return X, np.repeat([0, 1], 50), decoy


def make_decoy(
    images: ArrayLike,
    labels: ArrayLike,
    *,
    patch: int = 4,
    informative: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Images with a grey square in a corner whose shade gives the label away.

    A square in a corner that is chosen at random gets the shade ``255 - 25 * k`` for
    label k, where 255 is white (for images that are not bytes, the largest value
    instead of 255). With more than ten labels the steps are smaller. With
    ``informative=False`` the shade is that of a random label: on such images a model
    fails that has learned the squares.

    The data follow the decoy MNIST of Ross, Hughes and Doshi-Velez (2017), *Right for
    the Right Reasons*.

    Parameters
    ----------
    images : array-like of shape (n_samples, height, width) or with channels last
        The images, which stay as they are.
    labels : array-like of shape (n_samples,)
        Non-negative integers k. Other labels are numbered in sorted order.
    patch : int, default=4
        Height and width of the square.
    informative : bool, default=True
        Whether the shade is that of the image's own label.
    random_state : int, RandomState instance or None, default=None
        Decides the corners and the random shades.

    Returns
    -------
    decoyed : ndarray of the shape and dtype of ``images``
    marked : ndarray of the shape of ``images``, bool
        The truth: where the squares are. Given as ``annotations``, it tells a model not
        to look there.

    Raises
    ------
    ValueError
        If the images have another number of axes or are black, if the square does not
        fit, or if there is not one label for each image.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> decoyed, marked = make_decoy(
    ...     digits.images, digits.target, patch=2, random_state=0
    ... )
    >>> decoyed.shape, marked.sum(axis=(1, 2)).tolist()[:3]
    ((1797, 8, 8), [4, 4, 4])
    """
    images = check_array(
        images, ensure_2d=False, allow_nd=True, copy=True, input_name="images"
    )
    if images.ndim not in (3, 4):
        raise ValueError(
            "images must have shape (n_samples, height, width) or (n_samples, height, "
            f"width, channels), got {images.shape}; reshape flat rows."
        )
    if not images.max() > 0:
        raise ValueError(
            "images must have a value above 0, on a scale from black at 0."
        )
    check_count("patch", patch)
    height, width = images.shape[1:3]
    if patch > min(height, width):
        raise ValueError(f"patch={patch} does not fit into {height} x {width} images.")
    labels = np.asarray(labels)
    if labels.shape != images.shape[:1]:
        raise ValueError(
            f"labels must be one for each of the {len(images)} images, got shape "
            f"{np.shape(labels)}."
        )
    rng = check_random_state(random_state)
    low, right = rng.randint(2, size=(2, len(images), 1, 1)).astype(bool)
    codes = labels
    if labels.dtype.kind not in "iub" or labels.min() < 0:
        codes = np.unique(labels, return_inverse=True)[1]
    step = min(25 / 255, 1 / (codes.max() + 1))
    if not informative:
        present = np.unique(codes)
        codes = present[rng.randint(len(present), size=len(images))]
    white = 255 if images.dtype == np.uint8 else images.max()
    shades = white * (1 - step * codes)
    if images.dtype.kind in "iu":
        shades = np.rint(shades)
    row, column = np.ogrid[:height, :width]
    row, column = (
        np.where(low, height - 1 - row, row),
        np.where(right, width - 1 - column, column),
    )
    marked = np.maximum(row, column) < patch
    if images.ndim == 4:
        marked = np.broadcast_to(marked[..., None], images.shape).copy()
    images[marked] = np.repeat(shades.astype(images.dtype), marked[0].sum())
    return images, marked
