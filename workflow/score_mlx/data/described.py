"""What a run record says of the data that was trained on: molecules with their folds, or a text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a record: no unknown field, no silent conversion, every number finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class DataSet(Part):
    """The molecules that were trained on."""

    name: str
    label: str
    unit: str
    stand_in: bool
    rows: int
    sha256: str = Field(description="of molecules.csv")
    folds_sha256: str
    target: str | None = Field(None, description="what is predicted, as the prepared data call it; not in records")


class CorpusPart(Part):
    """The text that was trained on."""

    name: str
    label: str
    stand_in: bool
    tokens: int
    vocabulary: int
    bytes: int
    sha256: str = Field(description="of tokens and vocabulary")
