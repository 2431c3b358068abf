"""Raw files, molecules and texts, and what is computed from them before training."""
