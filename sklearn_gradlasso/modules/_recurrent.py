"""Recurrent networks."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

__all__ = ["RecurrentNet"]

_CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class RecurrentNet(nn.Module):
    """LSTM or GRU with a linear layer on its state, ``(n, tau, p) -> (n, n_outputs)``.

    A many-to-one network computes its outputs from the state after the last step. A
    many-to-many network has outputs at every step, from the state after that step.

    Parameters
    ----------
    n_features : int
        Number of values in a row, ``tau * p``.
    n_outputs : int
        Number of outputs. With ``many_to_many=True`` it is a multiple of tau, and the
        outputs of the first step come first.
    feature_shape : tuple of int
        ``(tau, p)``, the number of time steps and of values at each step. Estimators
        fill it in.
    cell : {"lstm", "gru"}, default="lstm"
        Kind of recurrent unit.
    hidden_size : int, default=32
        Number of units of each recurrent layer.
    n_layers : int, default=1
        Number of recurrent layers.
    many_to_many : bool, default=False
        Whether every step has outputs of its own.

    Raises
    ------
    ValueError
        If the rows are not sequences, the cell is unknown, or the number of outputs of
        a many-to-many network is no multiple of the number of steps.

    References
    ----------
    E. Horel, V. Mison, T. Xiong, K. Giesecke, L. Mangu (2018). Sensitivity based Neural
    Networks Explanations, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gradlasso import GradientLassoRegressor
    >>> from sklearn_gradlasso.modules import RecurrentNet
    >>> X = np.random.default_rng(0).standard_normal((300, 4, 2))  # 4 steps of 2 values
    >>> model = GradientLassoRegressor(module=RecurrentNet, tol=1e-2, random_state=0)
    >>> model.fit(X, X[:, -1, 0]).predict(X).shape
    (300,)
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        *,
        feature_shape: Sequence[int],
        cell: str = "lstm",
        hidden_size: int = 32,
        n_layers: int = 1,
        many_to_many: bool = False,
    ):
        super().__init__()
        if len(feature_shape) != 2:
            raise ValueError(
                "RecurrentNet takes rows of shape (n_steps, n_values), got "
                f"{tuple(feature_shape)}; give X of shape (n, n_steps, n_values), or "
                "input_shape=(n_steps, n_values)."
            )
        if cell not in _CELLS:
            raise ValueError(f"cell must be one of {sorted(_CELLS)}, got {cell!r}.")
        n_steps, n_values = feature_shape
        if many_to_many and n_outputs % n_steps:
            raise ValueError(
                f"many_to_many=True needs a target for each of the {n_steps} steps (or "
                f"several for each), got {n_outputs} targets."
            )
        self.many_to_many = many_to_many
        self.recurrent = _CELLS[cell](n_values, hidden_size, n_layers, batch_first=True)
        per_step = n_outputs // n_steps if many_to_many else n_outputs
        self.head = nn.Linear(hidden_size, per_step)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.recurrent(x)
        if self.many_to_many:
            return self.head(states).flatten(1)
        return self.head(states[:, -1])
