"""The part of `make test-faults` about compiled kernels: it passes with our cache and fails without it."""

import random

import pytest
from compare import PromiseError
from kernel_cache import trial


def test_a_kill_or_a_truncated_file_costs_nothing_but_time(tmp_path):
    said = []
    trial(tmp_path, 6, random.Random(1), say=said.append)
    assert said[0].endswith("whole after each") and "0 killed" not in said[0] and "0 truncated" not in said[0]


def test_without_the_guard_half_a_kernel_stops_a_later_run(tmp_path):
    with pytest.raises(PromiseError, match="half a kernel"):
        trial(tmp_path, 30, random.Random(1), guarded=False)
