"""Figures 9 and 10: schemes of integration."""
