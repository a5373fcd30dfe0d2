"""Neural generators of sparse local linear models."""
