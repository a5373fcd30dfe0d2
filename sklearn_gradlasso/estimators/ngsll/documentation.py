"""The documentation that the NGSLL estimators share."""

from __future__ import annotations

from ..base.parameters import parameters_doc

__all__ = ["ATTRIBUTES_DOC", "NETWORK_DOC", "PARAMETERS_DOC"]

PARAMETERS_DOC = """\
n_nonzero_coefs : int, default=5
        Features that the linear model of a row has, the paper's K. If fewer are
        allowed, it has all of them.
    simplify : transformer or callable, default=None
        From X to z, the features that the linear models are about, of shape
        ``(n_samples, d)``; for example ``CountVectorizer()`` for texts. ``None``: z is
        what the network reads, flattened. A z in float64 is computed with in float64.
    encode : transformer, default=None
        From X to what the network reads, for example ``TokenSequencer()`` for texts.
        ``None``: X itself, as numbers. Both transformers are fitted on all rows that
        ``fit`` is given, also those that ``early_stopping`` holds out.
    mask_zeros : bool, default=False
        Whether features that are 0 in z have no weight, such as the words that a text
        does not contain.
    coarse_n_nonzero_coefs : int, default=10
        Features in the coarse phase of training; ``n_nonzero_coefs``, if that is more.
    temperature : float, default=0.1
        Softness of the gate in the fine phase, the paper's tau.
    coarse_max_iter : int, default=None
        Largest number of epochs of the coarse phase, which ends before when the loss
        has settled; ``None`` means ``max_iter``. The fine phase then has ``max_iter``
        epochs at most, and ends by the same rule.
    fine_phase : dict, default=None
        Settings of the fine phase, which is momentum SGD: its "momentum" (0.9, as in
        the paper) and its "learning_rate_ratio" (0.1), the learning rate as a share of
        the final one of the coarse phase. Where the loss grows tenfold beyond that of
        the first epoch, the phase begins anew with a tenth of the rate, up to five
        times."""

NETWORK_DOC = parameters_doc(
    """default=(128,)
        Units in each hidden layer of the default network. Where ``encode`` is, or ends
        in, a ``TokenSequencer``, that is ``modules.SentenceCNN``, which takes
        ``module_params`` but no ``activation``.""",
    """It maps
        ``(n, *feature_shape)`` to weights of shape ``(n, n_outputs)`` without a last
        activation, n_outputs being d times the number of weight vectors. If it has a
        parameter ``n_tokens``, it is given the number of token ids. ``activation`` then
        has no effect, and X may have more than two dimensions.""",
)

ATTRIBUTES_DOC = """\
feature_importances_ : ndarray of shape (d,)
        Average magnitude over the training data of what each feature of z contributes
        to the decision, ``z_j w_j`` (summed over outputs); sums to 1.
    simplified_feature_names_ : ndarray of str of shape (d,)
        Names of the features of z.
    simplify_, encode_ : object
        The transformers as fitted.
    loss_curve_ : list of float
        {loss} of each epoch, of the coarse phase and then of the fine one. In training
        the gate is soft and random.
    loss_, best_loss_ : float
        Last and lowest value of ``loss_curve_``.
    validation_scores_ : list of float
        {score} on the rows held out after each epoch, with ``early_stopping``.
    best_validation_score_ : float or None
        The highest of them in the last phase, that of the weights kept.
    n_iter_, n_coarse_iter_ : int
        Number of epochs, and of those of the coarse phase.
    n_features_in_ : int
        Number of features of X, if it is a table.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the features of X, if it is a DataFrame with string columns.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_[0].generator`` maps what is read to weights."""
