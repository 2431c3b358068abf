"""Which of several records of one model a table shows: the longest run that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from score_mlx.config.fullest import fullest
from score_mlx.models.language.spec import NanoGPTSpec

LONG = [NanoGPTSpec("text", "nanogpt", form, repeat=r) for form in ("base", "SCORE") for r in (0, 1, 2)]
SHORT = [NanoGPTSpec("text", "nanogpt", form, iterations=100) for form in ("base", "SCORE")]


@pytest.mark.parametrize(
    ("there", "shown"),
    [
        ([], SHORT),
        (SHORT, SHORT),
        ([*SHORT, LONG[1]], [LONG[1], SHORT[1]]),  # one of three repeats: it is shown, the other model's short run too
        ([*SHORT, *LONG], LONG),
        ([LONG[5]], [SHORT[0], LONG[5]]),
    ],
)
def test_the_longest_there_is(there, shown, tmp_path):
    for spec in there:
        spec.path(tmp_path).parent.mkdir(parents=True)
        spec.path(tmp_path).touch()
    assert fullest(lambda specs: specs, [LONG, SHORT], tmp_path) == shown


def test_presets_that_list_other_models_are_not_mixed(tmp_path):
    other = [*SHORT, replace(SHORT[0], width=8)]
    assert fullest(lambda specs: specs, [LONG, other], tmp_path) == other
