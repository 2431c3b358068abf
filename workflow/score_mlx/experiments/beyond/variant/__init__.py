"""Runs of the paper's experiments with one setting changed."""
