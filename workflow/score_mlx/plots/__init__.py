"""Figures: pure functions of run records, one style, one file a family."""
