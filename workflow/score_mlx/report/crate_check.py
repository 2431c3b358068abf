"""A crate held to its profiles by roc-validator, without the network."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

PROFILE = "provenance-run-crate-0.5"  # and with it those that it extends
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# Terms of RO-Crate 1.1 that have moved in the context which rocrate brings, 1.3's.
MOVED = {
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}
ANSWERS = "ro-crate-1.1_28.1"  # the check that a file's address answers, which no machine without network can make
UNFETCHED = (
    f"needs the network: that {CONTEXT} can be fetched; its terms are those of the copy that rocrate brings",
    f"needs the network: that the addresses of files from elsewhere answer ({ANSWERS})",
)


@dataclass(frozen=True)
class Finding:
    """What the validator said.

    Attributes:
        broken: requirements that the crate does not meet, a line each.
        advice: recommendations that it does not follow.
        skipped: checks that were not made, with the reason.
        made: number of checks that were.
    """

    broken: list[str]
    advice: list[str]
    skipped: list[str]
    made: int


def check_crate(folder: Path) -> Finding:
    """Validate the crate in `folder` against Provenance Run Crate and the profiles below it; nothing is fetched."""
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        cache = Path(temporary) / "http"
        _remember_context(cache)
        settings = ValidationSettings(
            rocrate_uri=str(folder),  # pyright: ignore[reportArgumentType]  # which it makes an address of
            profile_identifier=PROFILE,
            requirement_severity=Severity.RECOMMENDED,
            cache_path=cache,
            offline=True,
            skip_checks=[ANSWERS],
        )
        result = services.validate(settings)
        return _finding(result, Severity.REQUIRED)


def _finding(result: Any, required: Any) -> Finding:
    lines: dict[bool, list[str]] = {True: [], False: []}
    for issue in result.get_issues():
        lines[issue.severity >= required].append(f"{issue.check.identifier}: {' '.join(str(issue.message).split())}")
    skipped = [detail for detail in result.skipped_check_details if detail.check.identifier != ANSWERS]
    return Finding(
        broken=sorted(lines[True]),
        advice=sorted(lines[False]),
        skipped=[*UNFETCHED, *sorted(f"{detail.check.identifier}: {detail.message}" for detail in skipped)],
        made=len(result.executed_checks - result.skipped_checks),
    )


def _remember_context(cache: Path) -> None:
    """Lay the context into the validator's cache of answers, as if it had been fetched."""
    from requests_cache import CachedRequest, CachedResponse, CachedSession

    content = json.loads((files("rocrate") / "data" / "ro-crate.jsonld").read_text(encoding="utf-8"))
    content["@context"] |= MOVED
    answer = CachedResponse(
        content=json.dumps(content).encode(),  # pyright: ignore[reportCallIssue]  # the name that attrs gives `_content`
        headers={"Content-Type": "application/ld+json"},
        request=CachedRequest(method="GET", url=CONTEXT),
        status_code=200,
        url=CONTEXT,
    )
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.cache.save_response(answer)
