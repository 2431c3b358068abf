"""Dense networks: the heads of graph networks, and the MLP and SCORE-MLP of Table 1."""
