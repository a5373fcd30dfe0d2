"""The code that all estimators share.

``network_estimator`` fulfils scikit-learn's contract: fit, explain, pickle.
``classifier`` and ``regressor`` add predictions and fitted attributes, and
``annotated`` has the ``fit`` that takes annotations. They use functions and records:
``parameters`` (fields, limits, and their documentation), ``preparation`` (makes rows
and a network from data), ``task`` (the meaning of the network's output), ``reporting``
(warnings about the end of training) and ``storage`` (arrays for a pickle).
"""
