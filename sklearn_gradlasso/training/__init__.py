"""From rows to a trained net: the only wing that knows skorch and accelerate.

``TrainingData`` holds the arguments of ``fit``. ``Rows`` hold the same data as tensors,
and ``Batches`` cuts them into batches. ``prepare`` turns an estimator and its data into
a :class:`~.prepared.Prepared`: a network, rows, and the options of the nets.
``resolve_lam`` decides the strength of the prior. A net then takes steps (``step``) in
epochs (``loop``) until it stops (``stopping``), and a ``TrainingRecord`` keeps the
losses. A net that follows another one is given its history, callbacks, optimizer and
schedules (``continuing``); in a pickle they are arrays (``stored_training``).

The protocols between this wing and others:

- The paths know nothing of an estimator but ``prepare(estimator, data) -> Prepared``;
  the wing of the estimators registers its base class there.
- An objective is a :class:`sklearn_gradlasso.objective.Objective`, called with
  ``(module, x, y, **extras)``. ``extras`` are ``sample_weight`` and ``annotations``,
  where they are given.
- A network may define methods that change how it is trained: see
  :mod:`sklearn_gradlasso.modules`.
- Callbacks are skorch's, and the net has its own copies (``own_callbacks``). They may
  ask it as they would ask the estimator (``answering_net``), and read its data
  (``readable_rows``). If no callback overrides a hook of a batch, the loop does without
  skorch's work at each batch.

It may import ``objective`` and ``utils``.
"""
