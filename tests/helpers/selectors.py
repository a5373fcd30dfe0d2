"""Networks to select features by, and what a selector has chosen."""

from sklearn_gradlasso import GradientLassoClassifier


def ours(kind=GradientLassoClassifier, **params):
    shared = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
    return kind(**{**shared, "learning_rate_init": 0.02, **params})


def chosen(selector):
    """Positions of the features that a fitted selector keeps."""
    return selector.get_support(indices=True).tolist()
