"""What somebody meant by a target of Snakemake's that nothing makes."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from score_mlx.data.dataset_names import RESERVED

MADE = ("csv", "md", "tex", "json", "png", "pdf")  # of a table or a figure


@dataclass(frozen=True)
class Targets:
    """What can be asked for.

    Attributes:
        tables, figures: names.
        tables_folder, figures_folder: where they are of the data set at hand.
        rules: names of rules.
    """

    tables: Collection[str]
    figures: Collection[str]
    tables_folder: str
    figures_folder: str
    rules: Collection[str]

    def wrong(self, arguments: Sequence[str]) -> tuple[str, str] | None:
        """The first target of a command line that nothing makes, and the nearest that something does; None for none.

        Args:
            arguments: of the command line. Behind `--` all are targets; others may be values of options, and count only
                where they are the name of a table or a figure, or a path of one.
        """
        behind = arguments.index("--") if "--" in arguments else len(arguments)
        for place, target in enumerate(arguments):
            of_kind = self._path if set(target) & {"/", "."} else self._word
            hint = of_kind(target, place > behind)
            if hint and hint != target:
                return target, hint
        return None

    def _word(self, target: str, surely: bool) -> str:
        if target in self.rules:
            return ""
        names = [*self.tables, *self.figures]
        if target in names:
            return self._file(target, "")
        near = difflib.get_close_matches(target.casefold(), [*self.rules, *names], n=1, cutoff=0.7) if surely else []
        if not near or os.path.exists(target):
            return ""
        return near[0] if near[0] in self.rules else self._file(near[0], "")

    def _path(self, target: str, surely: bool) -> str:
        folder, file = os.path.split(target)
        name, _, suffix = file.partition(".")
        made = [(self.tables_folder, self.tables), (self.figures_folder, self.figures)]  # some names are of both
        if suffix in MADE and any(folder == home and name in names for home, names in made):
            return ""
        if suffix not in MADE and not surely:
            return ""
        ours = folder in ("", "results", "paper_figures", self.tables_folder, self.figures_folder)
        other = re.fullmatch(r"results/([\w-]+)(/figures)?", folder)  # the folder of another data set
        near = difflib.get_close_matches(name.casefold(), [*self.tables, *self.figures], n=1, cutoff=0.8)
        if not near or os.path.exists(target) or not (ours or (other and other[1] not in RESERVED)):
            return ""
        return self._file(near[0], suffix)

    def _file(self, name: str, suffix: str) -> str:
        """The path of a table or a figure, with the suffix if it has such a file."""
        picture = suffix in ("png", "pdf") or name not in self.tables
        home = self.figures_folder if picture and name in self.figures else self.tables_folder
        usual = "png" if home == self.figures_folder and name in self.figures else "csv"
        return f"{home}/{name}.{suffix if suffix in MADE else usual}"
