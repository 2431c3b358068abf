"""The errors of stored weights computed again, on the data that the record names, beside those of the record."""

from __future__ import annotations

from pathlib import Path

from score_mlx.models.families import family_of, read_record, spec_of
from score_mlx.runs.measured import Measured


def measured(record: Path, results: Path, which: str = "best") -> list[Measured]:
    """Each value of `best` or `last` of a record, recomputed from its weights.

    Args:
        record: run.json, with `weights` beside it.
        results: folder of the prepared data.

    Raises:
        UserError: the data there are not the record's, or there are no weights of this model.
    """
    content = read_record(record)
    spec = spec_of(content, record)
    return family_of(spec).measured(spec, content, record, results, which)
