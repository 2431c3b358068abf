"""Trained weights that travel: a folder a model with its card and checksums, read back from a disk or from a server."""
