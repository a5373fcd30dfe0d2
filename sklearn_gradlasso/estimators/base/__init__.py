"""What the estimators share.

``network_estimator`` is scikit-learn's contract: fit, explain, store. ``classifier``
and ``regressor`` add what only one of the two has, ``fit_method`` the ``fit`` without
annotations and ``annotated`` the one that takes them. They use functions and records:
``parameters`` (fields, limits, and their documentation), ``preparation`` (from data to
rows and a network), ``net_options`` (from parameters to those of nets), ``explaining``
(reasons of rows), ``layers`` (``coefs_`` and the like), ``reporting`` (of data, and how
training ended), ``params_of_fit`` (``set_params`` changes no answer of a fitted
network), ``storage`` (a pickle's arrays).

A ``task`` is the meaning of the output: ``classification``, ``multilabel`` or
``regression``. Other files ask only for ``is_classifier`` and ``_has_labels``, where
folds, counts or costs of labels differ from those of classes.
"""
