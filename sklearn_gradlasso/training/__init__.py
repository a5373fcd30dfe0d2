"""From rows to a trained net: the only wing that knows skorch and accelerate.

``TrainingData`` holds the arguments of ``fit``. ``Rows`` hold the same data as tensors,
and ``Batches`` cuts them into batches. ``prepare`` turns an estimator and its data into
a :class:`~.prepared.Prepared`: a network, rows, and the options of the nets.
``resolve_lam`` decides the strength of the prior. A net then takes steps (``step``) in
epochs (``loop``) until it stops (``stopping``), and a ``TrainingRecord`` keeps the
losses. With L-BFGS an epoch is an iteration on all rows (``full_batch``). A net that
follows another one is given its history, callbacks, optimizer and schedules
(``continuing``); in a pickle they are arrays (``stored_training``, and
``stored_module`` for what a user's module keeps besides). ``schedules`` are those of
scikit-learn's networks, as callbacks. ``column_scales`` warns of columns from which a
network learns badly.

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
- What a net is told of the meaning of its output is a ``task``, of which it uses
  ``validation_score``, ``predicted``, ``probabilities``, ``decoded``, ``classes`` and
  ``is_classifier``. Without one it answers with the output itself.
- What training goes on from is in the net, or in the groups of its optimizer, where
  schedules keep what they count (``n_seen``, ``initial_lr``).

It may import ``objective`` and ``utils``.
"""
