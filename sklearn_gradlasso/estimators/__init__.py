"""The estimators of the papers."""
