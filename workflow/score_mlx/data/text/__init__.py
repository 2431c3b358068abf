"""Corpora and tokens of language models."""
