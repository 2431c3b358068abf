"""Molecules: data sets, graph features, descriptors, folds."""
