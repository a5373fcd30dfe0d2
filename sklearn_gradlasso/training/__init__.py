"""Rows to a trained net."""
