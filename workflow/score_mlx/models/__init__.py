"""The models, a package a family."""
