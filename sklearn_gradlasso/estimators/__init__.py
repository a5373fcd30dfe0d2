"""The estimators: one file for each method of a paper.

``gradient_lasso`` has the networks with sparse gradients, and ``gradient_lasso_cv`` has
the same with a strength that a ``lambda_search`` finds. ``right_reasons`` takes
annotations. ``attribution_prior`` has the estimators with priors on attributions, and
``attribution_prior_objective`` has their objective. ``ngsll/`` has the networks that
generate linear models. ``find_another_explanation`` fits several models with the masks
of ``reason_masks``. ``base/`` has the code that all estimators share.

An estimator is a keyword-only dataclass that inherits from ``NetworkClassifier`` or
``NetworkRegressor``. It states its own parameters with their ``_constraints``, and its
equation in ``_objective(lam)``. All other hooks have a default; they are listed in
``base/network_estimator.py``.

The wing may import every other wing but ``explanation``, ``sensitivity``, ``metrics``
and ``datasets``.
"""
