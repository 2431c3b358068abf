"""Types of settings and options that must be one of several texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing import Annotated as OneOf
else:

    class OneOf:
        """`OneOf[str, values]`: the `Literal` of these values, which pydantic and typer check.

        A type checker cannot read values that are computed, so it takes the same words as `Annotated`: a text.
        """

        def __class_getitem__(cls, parts: tuple[type[str], Any]) -> Any:
            _, values = parts
            return Literal[tuple(values)]


__all__ = ["OneOf"]
