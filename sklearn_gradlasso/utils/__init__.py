"""Validation, annotations, seeds, threads."""
