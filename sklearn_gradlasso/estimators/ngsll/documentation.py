"""The documentation that the NGSLL estimators share."""

from __future__ import annotations

from ..base.parameters import parameters_doc

__all__ = ["ATTRIBUTES_DOC", "NETWORK_DOC", "PARAMETERS_DOC"]

PARAMETERS_DOC = """\
n_nonzero_coefs : int, default=5
        Number of features in the linear model of a row, the paper's K. A row with fewer
        allowed features uses all of them.
    simplify : transformer or callable, default=None
        Computes z, the features of the linear models, from X; for example
        ``CountVectorizer(min_df=10)`` for texts. z has shape ``(n_samples, d)``. With
        ``None``, z is the flattened input of the network; of a raw table (see
        ``categorical_features``) it has the scaled numbers, and 1 for a category or a
        missing value, whose weight is what it adds. If z is in float64, the whole
        computation is in float64.
    encode : transformer, default=None
        Computes the input of the network from X, for example ``TokenSequencer()`` for
        texts. With ``None`` the network reads X itself. Both transformers are fitted on
        all rows of ``fit``, including those that ``early_stopping`` holds out.
    mask_zeros : bool or "auto", default="auto"
        Whether features that are 0 in a row of z get no weight there: as ``z_j w_j`` is
        0, they are no reason for the decision. With True another feature takes the
        place of each of them; with False they take a place among the K features.
        "auto" acts like True for the features whose 0 means "absent" (see
        ``masked_zeros_``): those that are never negative or never positive in the rows
        of ``fit``, such as one-hot columns, counts and bags of words, and those that
        are 0 in at least half of these rows. Another feature is a number that passes
        through 0. Where it is 0, it takes a place and gets no weight, so that the
        decision does not jump; but if all K features of a row are 0, the feature with
        the largest weight among those that are not 0 takes one place. What is below a
        millionth of the feature's mean magnitude counts as 0. ``partial_fit`` looks at
        the rows of the first call.
    coarse_n_nonzero_coefs : int, default=10
        Number of features in the coarse phase of training, but at least
        ``n_nonzero_coefs``.
    temperature : float, default=0.1
        Softness of the gate in the fine phase, the paper's tau.
    coarse_max_iter : int, default=None
        Largest number of epochs of the coarse phase; ``None`` means ``max_iter``. The
        phase ends earlier if the loss has settled. The fine phase then has at most
        ``max_iter`` epochs, and ends by the same rule.
    fine_phase : dict, default=None
        Settings of the fine phase, which uses SGD with momentum. "momentum" is 0.9 by
        default, as in the paper. "learning_rate_ratio" is the ratio of the learning
        rate to the final learning rate of the coarse phase, and 0.1 by default. If the
        loss grows to more than ten times that of the first epoch, the phase is repeated
        with a tenth of the learning rate, up to five times."""

NETWORK_DOC = parameters_doc(
    """default=(128,)
        Number of units in each hidden layer of the perceptron.""",
    "",
    """``None`` is "perceptron"; if ``encode`` is a ``TokenSequencer``, or a
        Pipeline that ends in one, it is ``modules.SentenceCNN``, which takes
        ``module_params`` but not ``activation``.""",
    """The
        network must map ``(n, *feature_shape)`` to weights of shape ``(n, n_outputs)``
        without a last activation, where n_outputs is d times the number of weight
        vectors. If it has a parameter ``n_tokens``, it is given the number of token
        ids. With a ``module``, ``activation`` has no effect, and X may have more than
        two dimensions.""",
)

ATTRIBUTES_DOC = """\
feature_importances_ : ndarray of shape (d,)
        Average magnitude of the contribution ``z_j w_j`` of each feature of z to the
        decision, over the training data and summed over outputs. The importances sum
        to 1.
    simplified_feature_names_ : ndarray of str of shape (d,)
        Names of the features of z.
    masked_zeros_ : ndarray of bool of shape (d,)
        The features of z that leave their place to others in rows where they are 0.
    simplify_, encode_ : object
        The fitted transformers.
    loss_curve_ : list of float
        {loss} in each epoch, first of the coarse phase and then of the fine phase. In
        training the gate is soft and random.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``; no lowest with ``early_stopping``.
    validation_scores_ : list of float or None
        {score} on the held-out rows after each epoch, with ``early_stopping``.
    validation_loss_curve_ : list of float or None
        Loss on the held-out rows after each epoch. There the gate is neither soft nor
        random.
    best_validation_score_ : float or None
        Validation score of the weights that were kept, which are those of the last
        phase.
    n_iter_, n_coarse_iter_ : int
        Number of epochs of both phases in the last call of ``fit``, and of the coarse
        phase in all calls.
    t_ : int
        Number of rows that training has seen, in all epochs of all calls.
    n_features_in_ : int
        Number of features of X, if it is a table.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the features of X, if it is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_[0].generator`` maps its input to weights."""
