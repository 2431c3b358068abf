"""What a run record says of the data that was trained on: molecules with their folds, or a text."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """A part of a record: no unknown field, no silent conversion, every number finite."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def same(self, other: Part) -> bool:
        """Whether a run would be the same on either."""
        return self == other


class DataSet(Part):
    """The molecules that were trained on."""

    name: str
    label: str
    unit: str
    stand_in: bool
    rows: int
    sha256: str = Field(description="of molecules.csv, of a reader's own data without the molecules' names")
    folds_sha256: str
    # What the prepared data say beside it; records do not.
    target: str | None = Field(None, description="what is predicted")
    dropped: int = Field(0, description="rows that could not be used")
    repeated: int = Field(0, description="rows whose molecule has occurred before")
    ones: int | None = Field(None, description="rows of class 1, where targets are the classes 0 and 1")
    apart: float = Field(0.0, description="largest difference between targets of one molecule")

    def same(self, other: Part) -> bool:
        """The same molecules, targets and folds, whatever they are called."""
        keys = ("name", "rows", "sha256", "folds_sha256")
        return isinstance(other, DataSet) and all(getattr(self, key) == getattr(other, key) for key in keys)


class CorpusPart(Part):
    """The text that was trained on."""

    name: str
    label: str
    stand_in: bool
    tokens: int
    vocabulary: int
    bytes: int
    sha256: str = Field(description="of tokens and vocabulary")
