"""A figure small enough to live inside a page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from score_mlx.system.errors import UserError

WIDEST = 1440  # pixels: twice what the page gives a figure, so that it stays sharp on dense screens and in print
COLOURS = 256  # of a chart, which uses a few dozen; a third of the bytes of full colour
_LARGEST = 50_000_000  # pixels; a figure has about two million


@dataclass(frozen=True)
class Picture:
    """A picture that a page holds in its own text.

    Attributes:
        uri: the picture itself, as a data URI.
        width, height: in pixels.
    """

    uri: str
    width: int
    height: int


def embed(path: Path) -> Picture:
    """A .png as a data URI, narrowed to `WIDEST` and reduced to `COLOURS`; the same bytes for the same picture.

    Raises:
        UserError: not a picture, or one beyond all reason.
    """
    try:
        with Image.open(path, formats=["PNG"]) as opened:
            if opened.width * opened.height > _LARGEST:
                raise UserError(f"{path}: {opened.width} x {opened.height} pixels, expected at most {_LARGEST} in all")
            drawn = _on_white(opened)
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as reason:
        raise UserError(f"{path}: not a PNG picture ({reason})") from None
    if drawn.width > WIDEST:
        drawn = drawn.resize((WIDEST, round(drawn.height * WIDEST / drawn.width)), Image.Resampling.LANCZOS)
    few = drawn.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    text = base64.b64encode(stream.getvalue()).decode("ascii")
    return Picture(f"data:image/png;base64,{text}", drawn.width, drawn.height)


def _on_white(opened: Image.Image) -> Image.Image:
    """Without transparency: figures are drawn for a white page, the report may be dark."""
    layer = opened.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
