"""The ways to divide a data set into folds, by name."""

SPLITS = ("kfold", "grouped", "scaffold", "file")
DRAWN = SPLITS[:-1]  # by us; `file` is the reader's
AT_RANDOM = SPLITS[:2]  # the same draw with and without repeated molecules apart, which Table 1 compares
