"""Optimisers of the language models: orthogonalised momentum for matrices, Adam for the rest."""
