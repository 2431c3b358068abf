"""One training loop for folds and for text: replicas, checkpoints, progress."""
