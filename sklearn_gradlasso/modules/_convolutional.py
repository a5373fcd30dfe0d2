"""Feature extractors with fully connected layers on top.

The outputs may be scores of classes, a prediction, or the weights of a linear model for
each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isqrt, prod

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["SentenceCNN", "SmallCNN", "WeightGenerator"]

VALUES_AT_ONCE = 2**24  # weights gathered for one product; bounds the memory


class WeightGenerator(nn.Sequential):
    """Fully connected layers on top of a feature extractor.

    The paper uses one or two layers of 128 or 256 units. The network is made for the
    weights of NGSLL, but it can have any outputs.

    Parameters
    ----------
    n_features : int
        Number of values in a row. It is not used, because the extractor knows it.
    n_outputs : int
        Number of outputs, without an activation.
    extractor : nn.Module
        ``(n, *feature_shape) -> (n, ...)``, for example a pretrained network without
        its last layer. Its output is flattened.
    n_extracted : int
        Number of values that the extractor returns for a row.
    hidden_layer_sizes : sequence of int, default=(128,)
        Units in each fully connected layer.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability, section 3.1.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        extractor: nn.Module,
        n_extracted: int,
        hidden_layer_sizes: Sequence[int] = (128,),
    ):
        sizes = [n_extracted, *hidden_layer_sizes]
        layers: list[nn.Module] = [extractor, nn.Flatten()]
        for fan_in, fan_out in pairwise(sizes):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        super().__init__(*layers, nn.Linear(sizes[-1], n_outputs))

    def at(self, x: Tensor, positions: Tensor, n_vectors: int) -> Tensor:
        """Outputs at a few positions only, in less time than all outputs take.

        Parameters
        ----------
        x : Tensor of shape (n, *feature_shape)
        positions : Tensor of shape (n, l), int64
            Values from 0 to ``n_outputs / n_vectors - 1``.
        n_vectors : int
            Number of outputs at each position.

        Returns
        -------
        Tensor of shape (n, l, n_vectors)
            ``self(x).unflatten(1, (-1, n_vectors))`` at the positions.
        """
        *layers, last = self
        for layer in layers:
            x = layer(x)
        weight = last.weight.unflatten(0, (-1, n_vectors)).flatten(1)
        bias = last.bias.unflatten(0, (-1, n_vectors))
        n_values = positions.shape[1] * weight.shape[1]
        n_rows = max(1, VALUES_AT_ONCE // max(1, n_values))
        parts = []
        for hidden, at in zip(x.split(n_rows), positions.split(n_rows)):
            of_rows = functional.embedding(at, weight).unflatten(2, (n_vectors, -1))
            product = of_rows.flatten(1, 2) @ hidden.unsqueeze(2)
            parts.append(
                product.view(*at.shape, n_vectors) + functional.embedding(at, bias)
            )
        return torch.cat(parts)


class SmallCNN(WeightGenerator):
    """Convolutional network for small images: 3 x 3 filters, max pooling by 2, ReLU.

    Parameters
    ----------
    n_features, n_outputs : int
        Number of values in a row, and of outputs.
    image_shape : tuple of int, default=None
        Channels, height and width of an image; one channel and a square if not given.
    n_channels : sequence of int, default=(16, 32, 64)
        Output channels of each convolution; the paper uses three convolutions.
    dropout : float, default=0.0
        Share of the extracted values that are set to zero at random in training.
    hidden_layer_sizes : sequence of int, default=(128,)
        Units in each fully connected layer.

    Raises
    ------
    ValueError
        If the images do not have ``n_features`` values, or are too small to be pooled
        once per convolution.

    References
    ----------
    Y. Yoshikawa, T. Iwata (2020). Neural Generators of Sparse Local Linear Models for
    Achieving both Accuracy and Interpretability, section 4.1.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        image_shape: Sequence[int] | None = None,
        n_channels: Sequence[int] = (16, 32, 64),
        dropout: float = 0.0,
        hidden_layer_sizes: Sequence[int] = (128,),
    ):
        side = isqrt(n_features)
        shape = (1, side, side) if image_shape is None else tuple(image_shape)
        if len(shape) != 3 or prod(shape) != n_features:
            raise ValueError(
                "SmallCNN: image_shape must be (channels, height, width) with "
                f"{n_features} values in all, got {image_shape}."
            )
        factor = 2 ** len(n_channels)
        if min(shape[1:]) < factor:
            raise ValueError(
                f"SmallCNN: images of {shape[1]} x {shape[2]} cannot be halved "
                f"{len(n_channels)} times; give fewer n_channels."
            )
        layers: list[nn.Module] = [nn.Flatten(), nn.Unflatten(1, shape)]
        for n_in, n_out in pairwise([shape[0], *n_channels]):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
        super().__init__(
            n_features,
            n_outputs,
            extractor=nn.Sequential(*layers, nn.Dropout(dropout)),
            n_extracted=n_channels[-1] * (shape[1] // factor) * (shape[2] // factor),
            hidden_layer_sizes=hidden_layer_sizes,
        )


class SentenceCNN(WeightGenerator):
    """Convolutional network for sentences, given as token ids.

    Words become vectors, filters look at a few consecutive words, and the maximum of
    each filter over the sentence is passed on. The ids are those of
    :class:`~sklearn_gradlasso.TokenSequencer`, with 0 for the padding.

    Parameters
    ----------
    n_features : int
        Number of tokens in a row. It is not used: sentences may have any length.
    n_outputs : int
        Number of outputs.
    n_tokens : int
        Number of different ids; an NGSLL estimator fills it in.
    n_dimensions : int, default=100
        Length of the vectors of words, which are learned from scratch.
    widths : sequence of int, default=(3, 4, 5)
        Widths of the filters, in words.
    n_filters : int, default=100
        Number of filters of each width.
    dropout : float, default=0.5
        Share of the filters' maxima that are set to zero at random in training.
    hidden_layer_sizes : sequence of int, default=(128,)
        Units in each fully connected layer.

    References
    ----------
    Y. Kim (2014). Convolutional Neural Networks for Sentence Classification. EMNLP.
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        n_tokens: int,
        n_dimensions: int = 100,
        widths: Sequence[int] = (3, 4, 5),
        n_filters: int = 100,
        dropout: float = 0.5,
        hidden_layer_sizes: Sequence[int] = (128,),
    ):
        super().__init__(
            n_features,
            n_outputs,
            extractor=_MaximaOverTime(
                n_tokens, n_dimensions, widths, n_filters, dropout
            ),
            n_extracted=n_filters * len(widths),
            hidden_layer_sizes=hidden_layer_sizes,
        )


class _MaximaOverTime(nn.Module):
    """The maximum of each filter over the words of a sentence."""

    def __init__(self, n_tokens, n_dimensions, widths, n_filters, dropout):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, n_dimensions, padding_idx=0)
        nn.init.uniform_(self.embedding.weight, -0.25, 0.25)  # as in Kim's experiments
        with torch.no_grad():
            self.embedding.weight[0] = 0
        self.filters = nn.ModuleList(
            nn.Conv1d(n_dimensions, n_filters, width, padding=width) for width in widths
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        # The convolutions pad a sentence by the width of their filters. Each filter
        # therefore sees a stretch of padding already, and a longer one has no effect.
        length = int((ids != 0).any(dim=0).nonzero().amax()) + 1 if ids.any() else 1
        words = self.embedding(ids[:, :length].long()).transpose(1, 2)
        # The maximum commutes with the ReLU, and the ReLU is cheaper after it.
        peaks = [filters(words).amax(dim=2) for filters in self.filters]
        return self.dropout(torch.cat(peaks, dim=1).relu())
