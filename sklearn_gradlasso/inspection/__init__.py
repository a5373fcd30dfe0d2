"""From a fitted model to outputs, attributions and names of features.

``open_model.open_model`` is the one opener of what users have fitted, under
``Explanation``, ``sensitivity`` and ``SensitivitySelector``. It looks through
Pipelines, searches and other wrappers of scikit-learn, and applies their transformers
to X. The network that it finds inside is asked for

``_explained(X, *, target=None, attribution=None)``
    an ``Explained`` record. ``base_values`` may be None. ``data`` and ``feature_names``
    are None if the explained features are those of X.
``_differentiable(X, target=None, in_units=False)``
    ``(module, rows, target)``: an ``nn.Module``, the ``Rows`` that it takes, and the
    scalars of its output whose slopes are measured. ``in_units`` asks a regressor for
    units of y, also where no target is given. It raises a TypeError where slopes have
    no meaning.
``_explainable(X, target=None)``
    an ``Explainable``: the scalars whose effects are reasons, by default the log-odds
    of a classifier (each of several classes against the rest, or each label) or the
    predictions of a regressor. None, if a feature is not a column of a table.
``_column_sums()``
    a ``ColumnSums``: scores as functions of single columns, and what columns do
    together. None, if the network is not made of such functions; none by default.
``_reasons``
    name of the target of ``_explained`` that reasons are about; None for the default.
``_attribution_of_reasons()``
    the attribution that an ``Explanation`` holds where effects are not defined; None
    for the default of ``_explained``.
``_table_form``
    the :class:`~sklearn_gradlasso.tables.TableForm` by which it codes X, if it reads
    raw tables; None by default. All rows "as the network sees them" then are coded, and
    gradients are per unit of those (contrasts of categories and missing values).
``_background``
    ``(rows, weights or None)``, training rows as the network sees them, and
    ``_feature_means``, their means over all training rows; none by default.
``classes_``
    labels that name several outputs; None by default.
``_has_labels``
    whether they may occur together, and the outputs are their log-odds; False by
    default. ``labels`` asks for it.
``n_jobs``
    threads to compute with; one by default.
``feature_names_in_``
    names of its features; those of X by default.

Estimators of this package have both methods. For networks of scikit-learn, skorch and
torch ``foreign_networks`` has them. The module and its parts may have

``many_to_many``
    whether there are outputs for each time step; False by default.
``is_piecewise_linear``
    whether second derivatives are zero or undefined; False by default.

An attribution is an :class:`sklearn_gradlasso.attributions.Attribution`; ``by_name``
makes one of a plain callable.

May import ``tables``, ``attributions``, ``training`` (for its rows), ``objective``,
``modules``, ``targets`` and ``utils``.
"""
