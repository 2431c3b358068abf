"""config.yaml, typed; presets; which runs a target wants."""
