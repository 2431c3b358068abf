"""The ways to divide a data set, by name: into folds, or into molecules that train, choose the epoch and test."""

from __future__ import annotations

from score_mlx.system.choices import OneOf

SPLITS = ("kfold", "grouped", "scaffold", "stratified", "file", "holdout")
GIVEN = SPLITS[-2:]  # by the reader
DRAWN = SPLITS[:-2]  # by us
AT_RANDOM = SPLITS[:2]  # the same draw with and without repeated molecules apart, which Table 1 compares
STRATIFIED = SPLITS[3]  # folds with equal shares of both classes, so for classes only
PARTS = ("test", "val", "train")  # of a hold-out; numbered in this order, so that fold 0 tests as any fold does

Split = OneOf[str, SPLITS]
Drawn = OneOf[str, DRAWN]
