"""Figures 3 and 4: losses of GPTs."""
