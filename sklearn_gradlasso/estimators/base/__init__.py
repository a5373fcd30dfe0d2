"""What the estimators share.

``network_estimator`` is scikit-learn's contract: fit, explain, store. ``classifier``
and ``regressor`` add what only one of the two has, and ``annotated`` the ``fit`` that
takes annotations. They use functions and records: ``parameters`` (fields, limits, and
their documentation), ``preparation`` (from data to rows and a network), ``task`` (what
the output means), ``reporting`` (how training ended), ``storage`` (a pickle's arrays).
"""
