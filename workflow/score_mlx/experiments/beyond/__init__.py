"""Experiments beyond the paper, one folder a kind: settings, table, drawings."""
