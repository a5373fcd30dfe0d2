"""From a fitted model to outputs, attributions and names."""
