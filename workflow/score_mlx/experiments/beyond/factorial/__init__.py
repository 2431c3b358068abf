"""The factorial {stack, one shared block} x {dt = 1, 0.5, 1/K}."""
