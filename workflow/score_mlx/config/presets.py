"""Presets: how long to train on this machine, never what to train (config.yaml, `presets`)."""

from __future__ import annotations

from typing import Any

from score_mlx.config.settings import Config
from score_mlx.experiments.base import Typed
from score_mlx.system import device


def resolve(config: Config) -> Config:
    """`config` with `auto` decided and the preset's values laid over each family's, which they only ever lower."""
    name = config.preset
    if name == "auto":
        name = "paper" if device.has_gpu() else "laptop"
    families = {family: _lowered(getattr(config, family), cuts) for family, cuts in getattr(config.presets, name)}
    return config.model_copy(update={"preset": name} | families)


def _lowered(settings: Typed, cuts: Typed) -> Typed:
    """`settings` with each value of `cuts` that is lower than its own."""
    changes: dict[str, Any] = {}
    for key, cut in cuts:
        ours = getattr(settings, key)
        if cut is not None:
            unlimited = ours is None
            changes[key] = _lowered(ours, cut) if isinstance(cut, Typed) else cut if unlimited else min(cut, ours)
    return settings.model_copy(update=changes)
