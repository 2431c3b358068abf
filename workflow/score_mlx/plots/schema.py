"""Figure 1a: what the paper changes, drawn. A stack of blocks beside one block applied again and again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from score_mlx.plots import style

CAPTION = (
    "A stack of K blocks, each with parameters of its own, beside one block that is applied K times and whose output "
    "is blended into the state with step size dt."
)
BLOCK, SHARED, INK = "#D9D9D9", "#9FC9E8", "#222222"
STACK_X, LOOP_X = 1.3, 5.6  # centres of the two halves, in the drawing's units


def draw(path: str | Path, *, title: str) -> None:
    """Save the schema alone as `path` (.png and .pdf)."""
    with style.context():
        figure, axes = plt.subplots(figsize=(4.6, 3.9))
        draw_on(axes, title)
        style.save(figure, path, title, [CAPTION])


def draw_on(axes: Axes, title: str) -> None:
    """The schema in `axes`."""
    axes.set(xlim=(0, 8.8), ylim=(-0.7, 6.6), aspect="equal")
    axes.axis("off")
    axes.set_title(title, loc="left")
    _stack(axes)
    _loop(axes)


def _stack(axes: Axes) -> None:
    """K blocks with parameters of their own."""
    axes.text(STACK_X, 6.2, "Stack: K blocks", ha="center", weight="bold")
    _state(axes, (STACK_X, 0.1), "$h_0$")
    places = ((1.4, "$F_1$,  $\\theta_1$"), (2.8, "$F_2$,  $\\theta_2$"), (4.6, "$F_K$,  $\\theta_K$"))
    for y, text in places:
        _block(axes, (STACK_X, y), text, BLOCK)
    _arrow(axes, [(STACK_X, 0.42), (STACK_X, 1.0)])
    _arrow(axes, [(STACK_X, 1.8), (STACK_X, 2.4)])
    axes.text(STACK_X, 3.72, "⋮", ha="center", va="center", fontsize=13)
    _arrow(axes, [(STACK_X, 3.2), (STACK_X, 3.5)], head=False)
    _arrow(axes, [(STACK_X, 3.9), (STACK_X, 4.2)])
    _arrow(axes, [(STACK_X, 5.0), (STACK_X, 5.4)])
    _state(axes, (STACK_X, 5.7), "$h_K$")
    axes.text(STACK_X, -0.55, r"$h_{i} = F_{i}(h_{i-1})$", ha="center")


def _loop(axes: Axes) -> None:
    """One block; its output and the state are blended, and the blend goes back in."""
    axes.text(LOOP_X + 0.1, 6.2, "SCORE: one block, K times", ha="center", weight="bold")
    _state(axes, (LOOP_X, 0.1), "$h_t$")
    _block(axes, (LOOP_X, 1.9), "$F$,  $\\theta$", SHARED)
    _arrow(axes, [(LOOP_X, 0.42), (LOOP_X, 1.5)])
    axes.add_patch(Circle((LOOP_X, 4.2), 0.3, fc="white", ec=INK, lw=1))
    axes.text(LOOP_X, 4.2, "+", ha="center", va="center", fontsize=12)
    _arrow(axes, [(LOOP_X, 2.3), (LOOP_X, 3.9)])
    _weight(axes, (LOOP_X, 3.05), r"$\times\,\Delta t$")
    # the state passes the block by
    skip = LOOP_X - 1.75
    _arrow(axes, [(LOOP_X, 0.85), (skip, 0.85), (skip, 4.2), (LOOP_X - 0.3, 4.2)])
    _weight(axes, (skip, 3.05), r"$\times\,(1-\Delta t)$")
    _arrow(axes, [(LOOP_X, 4.5), (LOOP_X, 5.4)])
    _state(axes, (LOOP_X, 5.7), "$h_{t+1}$")
    back = LOOP_X + 1.75
    _arrow(axes, [(LOOP_X, 4.95), (back, 4.95), (back, 0.1), (LOOP_X + 0.4, 0.1)], colour=style.REFERENCE)
    axes.text(back + 0.12, 2.5, "again,\nK times", color=style.REFERENCE, ha="left", va="center")
    axes.text(LOOP_X, -0.55, r"$h_{t+1} = (1-\Delta t)\,h_t + \Delta t\,F(h_t),\quad \Delta t = 1/K$", ha="center")


def _block(axes: Axes, centre: tuple[float, float], text: str, colour: str) -> None:
    x, y = centre
    box = FancyBboxPatch((x - 0.85, y - 0.4), 1.7, 0.8, boxstyle="round,pad=0,rounding_size=0.15", fc=colour, ec=INK)
    axes.add_patch(box)
    axes.text(x, y, text, ha="center", va="center")


def _state(axes: Axes, centre: tuple[float, float], text: str) -> None:
    axes.text(*centre, text, ha="center", va="center", fontsize=10)


def _weight(axes: Axes, centre: tuple[float, float], text: str) -> None:
    """A factor on an arrow, on a patch of background so that the line does not cross it."""
    axes.text(*centre, text, ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1.5})


def _arrow(axes: Axes, points: Sequence[tuple[float, float]], *, head: bool = True, colour: str = INK) -> None:
    """A line through `points` with right angles, an arrow head at its end."""
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color=colour, lw=1.1, solid_capstyle="butt", zorder=1)
    if head:
        (x0, y0), (x1, y1) = points[-2:]
        length = abs(x1 - x0) + abs(y1 - y0)
        start = (x1 - 0.01 * (x1 - x0) / length, y1 - 0.01 * (y1 - y0) / length)
        arrow = FancyArrowPatch(start, (x1, y1), arrowstyle="-|>", mutation_scale=8, color=colour, shrinkA=0, shrinkB=0)
        axes.add_patch(arrow)
