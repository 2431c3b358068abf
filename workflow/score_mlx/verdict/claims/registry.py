"""Which function tests which claim."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from score_mlx.system.errors import UserError
from score_mlx.verdict import claims
from score_mlx.verdict.finding import Test

_TESTS: dict[str, Test] = {}


def claim(name: str) -> Callable[[Test], Test]:
    """Register a function of `Evidence` as the test of the claim with this id in claims.yaml.

    Raises:
        ValueError: two functions test one claim.
    """

    def register(test: Test) -> Test:
        if name in _TESTS:
            raise ValueError(f"two functions test the claim {name}")
        _TESTS[name] = test
        return test

    return register


def test_of(name: str) -> Test:
    """The function that decides a claim.

    Raises:
        UserError: there is none.
    """
    tests = all_tests()
    if name not in tests:
        raise UserError(f"claims.yaml: no test decides {name}, expected one of {', '.join(tests)}")
    return tests[name]


@cache
def all_tests() -> dict[str, Test]:
    """Every test by its claim's id; every module of this folder is a topic."""
    for module in pkgutil.iter_modules(claims.__path__):
        import_module(f"{claims.__name__}.{module.name}")
    return _TESTS
