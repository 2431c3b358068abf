"""SCORE, reproduced: contractive recurrent depth on MLX, and a verdict on each published number."""

__version__ = "0.1.0"
