"""Table 6: how many times faster SCORE learns."""
