"""NGSLL: neural generators of sparse local linear models.

``estimators`` holds the two public classes, ``ngsll_estimator`` what they share. It has
two views of each row (``views``, packed into one array by ``view_layout``), in which
some zeros mean "absent" (``zeros``), a training in two phases (``two_phases``), a
network that writes linear models (``sparse_local_linear``), and these models as arrays
(``linear_models``). ``token_sequencer`` makes token ids of texts.
"""
