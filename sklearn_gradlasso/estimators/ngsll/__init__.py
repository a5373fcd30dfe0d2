"""NGSLL: neural generators of sparse local linear models.

``estimators`` has the two public classes, and ``ngsll_estimator`` has their common
base. They use two views of each row (``views``, packed into one array by
``view_layout``), training in two phases (``two_phases``), a network that generates
linear models (``sparse_local_linear``), and these models as arrays
(``linear_models``). ``token_sequencer`` turns texts into token ids.
"""
