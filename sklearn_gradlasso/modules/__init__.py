"""Modules: torch networks, and how an estimator's ``module`` parameter becomes one.

This wing imports ``tables`` and ``utils`` only. A user's network is any
``torch.nn.Module`` that maps ``(n, *feature_shape)`` to ``(n, n_outputs)``, without a
last activation. It is given as an instance, which is copied, or as a class or factory:

=======================  ===================================================  =========
asked of a factory       what it means                                        default
=======================  ===================================================  =========
the call                 ``factory(n_features, n_outputs, **module_params)``  (required)
                         returns a module
a parameter              The shape of a row is passed as a keyword.           not
``feature_shape``                                                             passed
a parameter              NGSLL estimators pass the number of token ids that   not
``n_tokens``             their ``encode`` makes, as a keyword.                passed
=======================  ===================================================  =========

:func:`build_module` makes the network, and looks for ``feature_shape``. Of the module
itself, or of any of its parts, the package asks:

=========================  ==================================================  =========
member                     what it means                                       default
=========================  ==================================================  =========
``raw_scores``             The network without its last activation, for        the
                           targets with ``takes_raw_scores``.                  module
``at``                     A method ``(x, positions, n_vectors)`` that         all are
                           computes the outputs at a few positions only, as    computed
                           :meth:`WeightGenerator.at` does, for NGSLL.
``n_networks``,            The module is a stack: that many networks as one,   one
``of_each``                with a second axis for them in all tensors (see     network
                           ``objective/_many_networks.py``). ``of_each(f)``
                           gives ``f`` of each network, ``(n_networks,)``.
``many_to_many``           Whether there are outputs at every time step, the   ``False``
(any part)                 first step first. Of a torch module outside of an
                           estimator the shape of the output may tell it too.
``same_in_both_modes``     Whether the values of the part are the same in      ``False``
(any part)                 training and in evaluation mode, so that its mode
                           need not be switched.
``is_piecewise_linear``    Whether second derivatives of the part vanish, so   ``False``
(any part)                 that interactions cannot be measured by them.
``generator`` (any part)   A ``torch.Generator`` from which the part draws     draws
                           in training; several processes cannot share one.    nothing
=========================  ==================================================  =========

A module that reads the rows of a coded table (see :mod:`sklearn_gradlasso.tables`)
encodes their columns. It has the first three of these, or none:

====================  ==============================================================
``encode``            A method ``x -> (E, D)`` from rows (n, n_columns), NaN where a
                      value is missing. ``E`` of shape (n, n_encodings) are encodings
                      of the columns. ``D``, of the same shape, is the direction in
                      which each column moves its own encodings: for a number their
                      derivatives; for a category, and where a value is missing, the
                      difference of E from its average over the training rows. Both
                      may depend on parameters, and keep the graph. Neither is NaN.
``column_of``         The column that each encoding is of, an int64 tensor of shape
                      (n_encodings,).
``from_encoded``      A method ``E -> (n, n_outputs)``, so that ``module(x)`` is
                      ``from_encoded(encode(x)[0])``. It may be given other E than
                      those of rows.
``n_per_column``      The number of encodings of each column, if they are equally many
                      and in the order of the columns; ``None`` by default.
``is_category``       Which columns hold categories, a bool tensor of shape
                      (n_columns,); ``None`` by default: no column does.
``n_members``,        The number of networks whose raw scores the module averages, and
``with_members``      a method ``(E, share) -> (output, of_members)``, whose second
                      part has shape (n, n_members, n_outputs). Each member then has a
                      loss of its own. ``None`` by default: the module has one loss.
``column_sum``,       The part whose raw scores are a bias, functions of single columns
``after_sum``         and what columns do together, with the members ``bias``,
                      ``shape``, ``n_per_column``, ``places``, ``columns_alone`` and
                      ``together`` of :class:`TabularNet`; and a module from these
                      scores to the output. ``None`` by default: there is no such part.
====================  ==============================================================

The reasons of such a module are told column by column (``objective/_by_column.py``).
With a ``form``, :func:`build_module` puts a :class:`TableFront` before the perceptron
and before networks of the user, which see the encodings as features.

``utils/networks.py`` is the one place that looks which of these members a module has,
and knows the defaults. A part that draws from torch's global generators, such as
dropout, needs nothing: they are seeded during ``fit`` and put back afterwards.

The modules of this wing hold torch's own activations, because other packages (captum,
shap) know layers by their class and put hooks on them. While there are hooks, the heads
and the tabular network compute by such layers what they compute by functions otherwise.
"""

from ._build import build_module, check_output, is_built_in
from ._convolutional import SentenceCNN, SmallCNN, WeightGenerator
from ._heads import LogOdds, LogProbabilities, Scores
from ._k_hot_gate import KHotGate
from ._mlp import ACTIVATIONS, MLP
from ._recurrent import RecurrentNet
from ._table_front import Fronted, TableFront
from ._tabular import TabularNet

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Fronted",
    "KHotGate",
    "LogOdds",
    "LogProbabilities",
    "RecurrentNet",
    "Scores",
    "SentenceCNN",
    "SmallCNN",
    "TableFront",
    "TabularNet",
    "WeightGenerator",
    "build_module",
    "check_output",
    "is_built_in",
]
