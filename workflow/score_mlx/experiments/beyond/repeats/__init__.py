"""Runs of the paper's experiments in other repeats."""
