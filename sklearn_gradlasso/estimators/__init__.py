"""The estimators of the papers, and of what surrounds them.

There is one file for each paper: ``gradient_lasso``, ``right_reasons``,
``attribution_prior`` (its objective is in ``attribution_prior_objective``) and
``ngsll/``. In ``gradient_lasso_cv`` a ``lambda_search`` finds the strength, and
``from_mlp`` translates networks of scikit-learn. ``find_another_explanation`` fits
several members with the masks of ``reason_masks``. ``obedience/`` measures and raises
how far annotations are obeyed. ``base/`` is what they share.

An estimator is a keyword-only dataclass on ``NetworkClassifier`` or
``NetworkRegressor``. It states its own parameters with their ``_constraints``, and its
equation in ``_objective(lam)``. Everything else has a default: the hooks are listed in
``base/network_estimator.py``.

The wing may import all others but ``explanation``, ``sensitivity``, ``metrics`` and
``datasets``.
"""
