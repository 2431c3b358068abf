"""config.yaml, typed: what each group of keys may hold. `score_mlx.config` puts the groups together."""
