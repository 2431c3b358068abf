"""Table 12, Figure 5: the five-minute challenge."""
