"""Learned step sizes beside fixed ones."""
