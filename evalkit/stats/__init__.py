"""Formulas, of the standard library alone."""
