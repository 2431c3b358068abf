"""Numbers that move without SCIENCE being raised: records of the old numbers would pass for records of the new ones."""

import copy
import json

import golden_language
import golden_runs
import numpy as np
import pytest

AGAIN = "python tests/golden/make.py"
# Processors and releases of MLX differ in the last digits, of which Adam makes more with every step.
FIRST_STEP, LATER = {"rtol": 1e-4, "atol": 1e-5}, {"rtol": 1e-3, "atol": 1e-4}


FAMILIES = {"graphs": golden_runs, "language": golden_language}


def complaint(stored: dict, now: dict, family: str = "graphs") -> str | None:
    """What is wrong with the code, given the stored numbers and today's; None if nothing."""
    if stored["science"] != now["science"]:
        return f"SCIENCE['{family}'] is {now['science']}, golden runs are of {stored['science']}: run `{AGAIN}`"
    old, new = stored["losses"], now["losses"]
    if set(old) != set(new):
        return f"golden runs come and go: {sorted(set(old) ^ set(new))}: run `{AGAIN}`"
    moved = [name for name in old if not _close(old[name], new[name])]
    if not moved:
        return None
    first = moved[0]
    return (
        f"{len(moved)} of {len(old)} golden runs moved while SCIENCE['{family}'] stayed {now['science']}, "
        f"first {first}: {old[first]} became {new[first]}. If that is meant, raise SCIENCE['{family}'] in science.py, "
        f"run `{AGAIN}` and say in the commit why; records made before will be trained again"
    )


def _close(old: list[float], new: list[float]) -> bool:
    first = np.allclose(old[:2], new[:2], **FIRST_STEP, equal_nan=True)  # the losses of both folds
    return len(old) == len(new) and first and np.allclose(old[2:], new[2:], **LATER, equal_nan=True)


@pytest.mark.usefixtures("cpu", "both_ways")
@pytest.mark.parametrize("family", FAMILIES)
def test_numbers_stay_unless_science_is_raised(family):
    stored = json.loads(FAMILIES[family].STORE.read_text(encoding="utf-8"))
    problem = complaint(stored, FAMILIES[family].now(), family)
    assert problem is None, problem


def test_runs_differ_from_each_other():
    """A golden run sees a change only if what it runs is not what another runs."""
    losses = json.loads(golden_runs.STORE.read_text(encoding="utf-8"))["losses"]
    assert len({tuple(values) for values in losses.values()}) == len(losses) == len(golden_runs.specs())
    assert all(np.isfinite(values).all() for values in losses.values())


def test_complaints():
    stored = {"science": 1, "losses": {"a": [1.0, 2.0, 3.0], "b": [3.0]}}
    assert complaint(stored, copy.deepcopy(stored)) is None
    rounded = {"science": 1, "losses": {"a": [1.0 + 1e-5, 2.0, 3.0 + 1e-3], "b": [3.0]}}
    assert complaint(stored, rounded) is None
    moved = {"science": 1, "losses": {"a": [1.0, 2.0, 3.0], "b": [3.001]}}
    assert "1 of 2 golden runs moved" in complaint(stored, moved)
    assert "raise SCIENCE" in complaint(stored, moved)
    assert "golden runs are of 1" in complaint(stored, moved | {"science": 2})
    assert "come and go: ['b']" in complaint(stored, {"science": 1, "losses": {"a": [1.0, 2.0, 3.0]}})
