"""The estimators of the papers, and of what surrounds them.

One file for each paper: ``gradient_lasso`` (with ``gradient_lasso_cv``, whose strength a
``lambda_search`` finds), ``right_reasons``, ``attribution_prior`` (its objective is in
``attribution_prior_objective``), ``ngsll/``; and ``find_another_explanation``, which
fits several members with the masks of ``reason_masks``. ``base/`` is what they share.

An estimator is a keyword-only dataclass on ``NetworkClassifier`` or
``NetworkRegressor``. It states its own parameters with their ``_constraints``, and its
equation in ``_objective(lam)``. Everything else has a default: the hooks are listed in
``base/network_estimator.py``.

The wing may import every other one but ``explanation``, ``sensitivity``, ``metrics`` and
``datasets``.
"""
