"""The verdict: every published number and every claim of the paper, judged from run records alone."""
