"""Calls of ``fit`` from another file than the test, which warnings are to point to."""


def fit(model, X, y):
    return model.fit(X, y)


def partial_fit(model, X, y):
    return model.partial_fit(X, y)
