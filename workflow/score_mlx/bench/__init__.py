"""Seconds per training epoch, ours beside PyTorch Geometric's: one thread each, the same molecules, in turns."""
