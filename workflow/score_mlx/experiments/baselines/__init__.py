"""Table 1: classical models and dense networks."""
