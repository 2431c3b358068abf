"""The experiments of config.yaml, a folder a kind: settings, table, drawings, the reader of the paper's values."""
