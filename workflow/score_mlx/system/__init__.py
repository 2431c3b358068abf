"""Files, locks, processes, compilers and BLAS: what knows nothing of science."""
