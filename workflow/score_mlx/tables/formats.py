"""How tables write numbers and names."""

from __future__ import annotations

from score_mlx.system.digits import digits

TEX_ESCAPES = {
    "\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}", "±": r"$\pm$",
}  # fmt: skip


def escape_tex(text: str) -> str:
    """`text` so that LaTeX prints it, whatever a data set is called."""
    return "".join(TEX_ESCAPES.get(character, character) for character in text)


def spoken(name: str) -> str:
    """A name as text writes it: `table2` gives `Table 2`."""
    kind = name.rstrip("0123456789ab") if name[-2:-1].isdigit() or name[-1:].isdigit() else name
    return f"{kind.replace('_', ' ').capitalize()} {name[len(kind) :]}".strip()


def heading(name: str, title: str | None) -> str:
    """Name and title of a table or figure: `Table 2. Graph networks ...`; the name alone without a title."""
    return f"{spoken(name)}. {title}" if title else spoken(name)


def number(value: float | None) -> str:
    """Three decimals as the paper prints them, three digits of a very small or large one; None: a fold diverged."""
    return "diverged" if value is None else digits(value)


def mean_and_std(mean: float | None, std: float | None) -> str:
    """The deviation has the mean's decimals; None: there is one value only."""
    if mean is None:
        return number(None)
    return digits(mean) if std is None else f"{digits(mean)} ± {digits(std, mean)}"


def change(value: float | None, scale: float | None = 1.0) -> str:
    """A difference, signed; empty where there is none.

    Args:
        scale: size of what differs, which says how many digits count.
    """
    return "" if value is None else digits(value, scale, "+")


def change_and_std(mean: float | None, std: float | None, scale: float | None = 1.0) -> str:
    """A signed difference with its standard deviation, `-0.027 ± 0.012`; empty where there is none.

    Args:
        mean, std: in one unit; a `std` of None leaves the deviation out.
        scale: size of what differs, which says how many digits count.
    """
    if mean is None:
        return ""
    return change(mean, scale) if std is None else f"{change(mean, scale)} ± {digits(std, scale)}"


def interval(low: float | None, high: float | None) -> str:
    """`-0.040 to -0.015`; empty where there is none."""
    return "" if low is None or high is None else f"{change(low)} to {change(high)}"
