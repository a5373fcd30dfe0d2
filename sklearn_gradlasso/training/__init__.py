"""From rows to a trained net: the only wing that knows skorch and accelerate.

``TrainingData`` is what ``fit`` is given; ``Rows`` are the same as tensors, which
``Batches`` cuts. ``prepare`` makes a :class:`~.prepared.Prepared` of them: a network,
rows, and the options of the nets. ``resolve_lam`` decides the strength of the prior, a
net takes steps (``step``) in epochs (``loop``) until it stops (``stopping``), and a
``TrainingRecord`` keeps the losses.

What others may ask or be asked for:

- ``prepare(estimator, data) -> Prepared`` is all that the paths know of an estimator;
  the wing of the estimators registers its base class there.
- An objective is any callable ``(module, x, y, **extras) -> Components`` with the
  attributes of :class:`sklearn_gradlasso.objective.Objective`. ``extras`` are
  ``sample_weight`` and ``annotations``, where they are given.
- A network may say how it wants to be treated: see :mod:`sklearn_gradlasso.modules`.
- Callbacks are skorch's. Where none of them asks for batches, the loop skips what
  skorch does at a batch.

It may import ``objective``, ``modules`` and ``utils``.
"""
