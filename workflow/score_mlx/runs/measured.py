"""One value of a record beside what the stored weights give now."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from score_mlx.data.described import Part
from score_mlx.system.errors import UserError

EQUAL = 1e-6  # of a value of size 1, where all that computes is what trained; records keep seven digits
# Elsewhere sums are rounded otherwise. The most seen: MLX's own sum over a vocabulary of 23,861, without the kernels,
# lowers a loss by 4e-5 (in double precision the kernels' is right to 1e-8).
ROUNDED = 1e-4


@dataclass(frozen=True)
class Measured:
    """One value of a record and what the weights give now."""

    name: str
    recorded: float | None
    now: float

    @property
    def off(self) -> float:
        """How far they are apart, of a value of size 1 or more."""
        return math.inf if self.recorded is None else abs(self.now - self.recorded) / max(1.0, abs(self.recorded))

    @property
    def differs(self) -> bool:
        """Whether they are further apart than roundings are."""
        return not self.off <= ROUNDED

    def __str__(self) -> str:
        said = "differs" if self.differs else "the same" if self.off <= EQUAL else "the same but for rounding"
        return f"{self.name}: recorded {self.recorded}, now {self.now:.7g}: {said}"


def require_same(stated: Part, there: Part, record: Path, results: Path) -> None:
    """Raise UserError unless a record's data are those of the folder `results`."""
    if not stated.same(there):
        raise UserError(
            f"{record}: trained on other data than {results} holds; --results names the folder it belongs to"
        )
