"""SCORE beside stacks of its size, and beside its block applied once."""
