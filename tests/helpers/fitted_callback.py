"""The copy of a callback that a fit has used."""


def fitted_callback(model, kind):
    """The only callback of a kind in ``net_.callbacks_``."""
    (found,) = [each for _, each in model.net_.callbacks_ if isinstance(each, kind)]
    return found
