"""What a parsed JSON or YAML file holds at a place, told apart so that a type checker follows."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[dict[Any, Any]]:
    """Whether it is a mapping of anything to anything."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list of anything."""
    return isinstance(value, list)
