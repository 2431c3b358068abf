"""What tables and figures say of language models shown together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from score_mlx.models.language.run import PAPER_CORPORA, LanguageRun
from score_mlx.system.errors import UserError
from score_mlx.tables.runs import conditions


def require_one_corpus(runs: Iterable[LanguageRun]) -> None:
    """Check that all runs learn from the same text, cut into the same tokens.

    Raises:
        UserError: two runs saw different tokens.
    """
    runs = list(runs)
    for run in runs[1:]:
        if run.dataset.sha256 != runs[0].dataset.sha256:
            raise UserError(
                f"{run.spec.path('')}: corpus {run.dataset.name} ({run.dataset.sha256[:12]}), expected "
                f"{runs[0].dataset.name} ({runs[0].dataset.sha256[:12]}): these records cannot be compared"
            )


def repeats(runs: Iterable[LanguageRun]) -> list[list[LanguageRun]]:
    """Runs that differ in their repeat only, together, in the order in which the first of each comes."""
    groups: dict[tuple, list[LanguageRun]] = {}
    for run in runs:
        fields = {name: value for name, value in run.spec.as_dict().items() if name != "repeat"}
        groups.setdefault(tuple(fields.items()), []).append(run)
    return list(groups.values())


def provenance(runs: Sequence[LanguageRun]) -> str:
    """One line for captions: text, tokens, preset, cuts, seed, device; every value that occurs."""
    first = runs[0].dataset
    text = f"{first.label}, {first.tokens:,} tokens, vocabulary {first.vocabulary:,}"
    return "; ".join([text, *conditions(runs)])


def explain_stand_in(runs: Sequence[LanguageRun]) -> list[str]:
    """A line for captions where the text is not the paper's."""
    if runs[0].dataset.stand_in:
        return ["Stand-in text from a Markov chain: no number here compares with the paper's."]
    if runs[0].dataset.name not in PAPER_CORPORA:
        return [f"The paper trained on another text (climbmix); here it is {runs[0].dataset.label}."]
    return []


def explain_losses(runs: Sequence[LanguageRun]) -> str:
    """Over which text losses are means, for captions."""
    sampled = "means over random batches, the same at each evaluation, dropout off"
    whole = "validation losses over the whole validation text, training losses over random batches, dropout off"
    kinds = {run.spec.validation for run in runs}
    return " or ".join(text for kind, text in (("sampled", sampled), ("whole", whole)) if kind in kinds).capitalize()
