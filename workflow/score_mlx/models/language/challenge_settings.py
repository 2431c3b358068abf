"""The two sets of training settings under which the paper reports the five-minute challenge."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Settings:
    """Rates are those of the settings' first step; `rate_at` scales them by the time that has passed.

    Attributes:
        matrix_rate, momentum, weight_decay, polar_steps, rows, row_beta: of `NorMuon`, on the matrices of blocks.
        embedding_rate, head_rate: of Adam at width 768; residual_rate, mix_rate: on what is mixed in before a step.
        betas, mix_betas: of Adam.
        warm_up, warm_down: shares of the time at its beginning and end; final: the last rate, as a share.
        decay_falls: whether weight decay falls to 0 with the time.
        orthogonal: by which method of `ORTHOGONAL` an update is made orthogonal.
    """

    matrix_rate: float
    momentum: float
    weight_decay: float
    polar_steps: int
    rows: str
    row_beta: float
    embedding_rate: float
    head_rate: float
    residual_rate: float
    mix_rate: float
    betas: tuple[float, float]
    mix_betas: tuple[float, float]
    warm_up: float
    warm_down: float
    final: float
    decay_falls: bool
    orthogonal: str = "polar_express"

    def rate_at(self, progress: float) -> float:
        """Learning rate as a share of the first, `progress` (0 to 1) through the time."""
        if progress < self.warm_up:
            return progress / self.warm_up
        left = min(1.0, (1 - min(progress, 1.0)) / self.warm_down)
        return left + (1 - left) * self.final

    def decay_at(self, progress: float) -> float:
        """Weight decay as a share of the first."""
        return 1 - min(progress, 1.0) if self.decay_falls else 1.0


SETTINGS = {
    "A": Settings(
        matrix_rate=0.04, momentum=0.95, weight_decay=0.2, polar_steps=3, rows="before", row_beta=0.0,
        embedding_rate=0.6, head_rate=0.004, residual_rate=0.005, mix_rate=0.5,
        betas=(0.8, 0.95), mix_betas=(0.96, 0.95), warm_up=0.0, warm_down=0.5, final=0.0, decay_falls=False,
    ),
    "B": Settings(
        matrix_rate=0.04, momentum=0.85, weight_decay=0.05, polar_steps=5, rows="after", row_beta=0.99,
        embedding_rate=0.8, head_rate=0.008, residual_rate=0.005, mix_rate=0.5,
        betas=(0.85, 0.99), mix_betas=(0.96, 0.95), warm_up=0.03, warm_down=0.4, final=0.1, decay_falls=True,
    ),
}  # fmt: skip
# As A, with the list of coefficients that the author's first version takes (ledger: polar_express_list).
SETTINGS["A_polar8"] = replace(SETTINGS["A"], orthogonal="polar_express_8")
