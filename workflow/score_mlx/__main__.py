"""`python -m score_mlx`: the same as `score-mlx`."""

from score_mlx.cli import main

main()
