"""A folder of results as a Provenance Run Crate: which workflow made which file from what, when and with which tool.

RO-Crate 1.1 with the profiles Process, Workflow and Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun): one action
for the whole workflow, and for each run record one of the tool that trained it.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from score_mlx.data.sources import load_sources
from score_mlx.data.text.corpus import NAMES, sources_of
from score_mlx.runs.records import read_meta, records_below
from score_mlx.system.errors import UserError
from score_mlx.system.files import replacing, sha256, write_text

NAME = "ro-crate-metadata.json"
VERSION = "1.1"  # of RO-Crate, the one that the run profiles extend
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}  # of the run profiles, which RO-Crate 1.1 lacks
LICENCE = "https://spdx.org/licenses/MIT"
TYPES = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]  # of the main workflow
DONE = "http://schema.org/CompletedActionStatus"
GENERATED = {"__pycache__", "score_mlx.egg-info"}  # folders that no copy needs
KINDS = (".csv", ".html", ".json", ".md", ".pdf", ".png", ".tex", ".yaml")
ABOUT = (
    "Models of the paper SCORE: Replacing Layer Stacking with Contractive Recurrent Depth (Godin, 2026), trained anew "
    "on MLX: a record of each run, and the tables, figures and verdicts made of them."
)


@dataclass
class Builder:
    """A crate in the making.

    Attributes:
        folder: its root.
        crate: what rocrate holds of it.
        who: the agent of all actions.
        ends: when each run was over.
    """

    folder: Path
    crate: ROCrate
    who: ContextEntity
    ends: list[datetime] = field(default_factory=list)

    def add(self, address: str, kind: str, **properties: Any) -> ContextEntity:
        """An entity of this type (`kind`) and address (its `@id`), added to the crate."""
        added: Any = self.crate.add(ContextEntity(self.crate, address, properties={"@type": kind} | properties))
        return added  # one for one; rocrate has no types

    def add_file(self, path: Path, **properties: Any):
        """A file of the folder, with its size and checksum."""
        place = path.relative_to(self.folder).as_posix()
        about = {"encodingFormat": _format(path.name), "contentSize": str(path.stat().st_size), "sha256": sha256(path)}
        return self.crate.add_file(str(path), place, properties={"name": path.name} | about | properties)


def write_crate(folder: Path, project: Path) -> int:
    """Describe `folder` in its ro-crate-metadata.json; a copy of the workflow that can run is put into `workflow`.

    Args:
        folder: with runs/ and whatever was made of them.
        project: the root of this project.

    Returns:
        Number of runs described.

    Raises:
        UserError: no run record there, or one that cannot be read.
    """
    records = records_below(folder / "runs")
    build = _begin(folder)
    workflow = _add_workflow(build, project)
    sources = _add_sources(build, project, records)
    files = [path for path in [*folder.iterdir(), *folder.glob("figures/*")] if path.suffix in KINDS]
    made = [build.add_file(path) for path in sorted(files) if path.name != NAME]
    trained = _add_runs(build, workflow, records, sources)
    raw = list({entity.id: entity for entities in sources.values() for entity in entities}.values())
    _add_execution(build, workflow, [*raw, *_named(made, "config")], made, trained)
    described = build.crate.metadata.generate()
    described["@graph"] = [_single(entity) for entity in described["@graph"]]
    text = json.dumps(described, indent=1, sort_keys=True, ensure_ascii=False)
    write_text(folder / NAME, text + "\n")
    return len(records)


def _begin(folder: Path) -> Builder:
    """An empty crate that says who, under which licence, by which profiles."""
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_terms |= TERMS
    crate.name, crate.description = "SCORE, reproduced: runs and results", ABOUT
    who: Any = crate.add(
        ContextEntity(crate, "#authors", properties={"@type": "Organization", "name": "The SCORE reproduction authors"})
    )
    build = Builder(folder, crate, who)
    crate.license = build.add(LICENCE, "CreativeWork", name="MIT License", identifier="MIT", description="SPDX: MIT")
    crate.publisher = crate.creator = who
    crate.root_dataset["author"] = who
    profiles = [
        build.add(address, "CreativeWork", name=name, version=number) for address, (name, number) in PROFILES.items()
    ]
    crate.root_dataset["conformsTo"] = profiles
    return build


def _add_workflow(build: Builder, project: Path):
    """A copy of the project that can run; the Snakefile is the main entity, its rules and config are parts."""
    inside = build.folder / "workflow"
    for name in _needed_to_run(project):
        with replacing(inside / name) as temporary:
            shutil.copyfile(project / name, temporary)
    names = ["Snakefile", "config.yaml", *(path.relative_to(project) for path in project.glob("workflow/rules/*.smk"))]
    main: Any = build.crate.add_workflow(
        str(inside / "Snakefile"), "workflow/Snakefile", main=True, lang="snakemake", lang_version=version("snakemake"),
        properties={"@type": TYPES, "name": "From raw file to table and figure", "version": version("score-mlx")},
    )  # fmt: skip
    main["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    main["encodingFormat"] = "text/plain"
    main["creator"], main["license"] = build.who, build.crate.license
    main["sha256"] = sha256(inside / "Snakefile")
    for name in sorted(map(str, names)):
        if name != "Snakefile":
            build.add_file(inside / name)
    return main


def _needed_to_run(project: Path) -> list[Path]:
    """Every file that the workflow needs, relative to the project, without data, results and what was compiled."""
    patterns = ("workflow/**/*", "data/sources.yaml", "data/paper/*", "envs/*", "profiles/**/*")
    found = {path for pattern in patterns for path in project.glob(pattern) if path.is_file()}
    kept = [path.relative_to(project) for path in found if not GENERATED & set(path.parts)]
    return sorted([*kept, *map(Path, ("Snakefile", "config.yaml", "Makefile", "pyproject.toml", "LICENSE"))])


def _add_sources(build: Builder, project: Path, records: Iterable[Path]) -> dict[str, list[Any]]:
    """Data set or text that a run saw -> the raw files behind it, where data/sources.yaml has them."""
    known, added = load_sources(project / "data" / "sources.yaml"), {}
    seen = sorted({path.relative_to(build.folder / "runs").parts[0] for path in records})
    for name in sorted({name for dataset in seen for name in _raw_files(dataset)} & set(known)):
        source = known[name]
        about = {"name": source.files[0], "contentSize": str(source.bytes), "sha256": source.sha256}
        about |= {"description": source.citation, "encodingFormat": _format(source.files[0])}
        added[name] = build.crate.add_file(source.urls[0], properties=about)
    return {dataset: [added[name] for name in _raw_files(dataset) if name in added] for dataset in seen}


def _raw_files(dataset: str) -> list[str]:
    """`esol` -> [esol]; `shakespeare-gpt4o`, a text and its tokens -> [gutenberg, o200k_base]."""
    return sources_of(dataset) if dataset in NAMES else [dataset]


def _format(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "text/plain"


def _add_runs(build: Builder, workflow: Any, records: list[Path], sources: dict[str, list[Any]]) -> list[ContextEntity]:
    """For each record what trained it, and the step of the workflow that asked for it; the latter are returned."""
    steps: dict[str, tuple[Any, Any]] = {}
    control = []
    for path in records:
        place = path.relative_to(build.folder / "runs").parent
        family = place.parts[1]
        if family not in steps:
            steps[family] = _add_step(build, workflow, family, len(steps) + 1)
        tool, step = steps[family]
        action = _add_run(build, path, place.as_posix(), tool, sources[place.parts[0]])
        control.append(
            build.add(
                f"#control-{place.as_posix()}",
                "ControlAction",
                name=f"Step for {place.as_posix()}",
                instrument=step,
                object=action,
                agent=build.who,
                actionStatus=DONE,
            )  # fmt: skip
        )
    return control


def _add_step(build: Builder, workflow: Any, family: str, position: int) -> tuple[Any, Any]:
    """The tool that trains a family, and its place in the workflow."""
    tool = build.add(
        f"#tool-{family}", "SoftwareApplication", name=f"score-mlx train, family {family}",
        softwareVersion=version("score-mlx"),
    )  # fmt: skip
    step = build.add(f"#step-{family}", "HowToStep", name=f"Train {family}", position=str(position), workExample=tool)
    workflow.append_to("hasPart", tool)
    workflow.append_to("step", step)
    return tool, step


def _add_run(build: Builder, path: Path, place: str, tool: Any, sources: list[Any]) -> Any:
    """The action that left a record."""
    meta = read_meta(path)
    try:
        start = datetime.fromisoformat(meta.started)
    except ValueError:
        raise UserError(f"{path.with_name('run.meta.json')}: started {meta.started!r}, expected an ISO date") from None
    end = start + timedelta(seconds=round(meta.seconds))
    build.ends.append(end)
    results = [build.add_file(path), build.add_file(path.with_name("run.meta.json"))]
    about = {
        "@type": "CreateAction",
        "name": f"Training of {place}",
        "description": f"on {meta.device}, commit {meta.commit or 'unknown'}, preset {meta.preset}",
        "startTime": start.isoformat(),
        "endTime": end.isoformat(),
        "agent": build.who,
        "actionStatus": DONE,
    }
    action = build.crate.add_action(tool, f"#run-{place}", object=sources, result=results, properties=about)
    build.crate.root_dataset.append_to("mentions", action)
    return action


def _add_execution(build: Builder, workflow: Any, read: list[Any], made: list[Any], control: list[Any]) -> None:
    """The workflow as a whole: what it read and made, and the engine that ran its steps."""
    last = max(build.ends).isoformat()
    about = {
        "@type": "CreateAction",
        "name": "From raw file to table and figure, as run",
        "description": f"{len(control)} runs; the end is that of the last one",
        "endTime": last,
        "agent": build.who,
        "actionStatus": DONE,
    }
    action = build.crate.add_action(workflow, "#execution", object=read, result=made or None, properties=about)
    engine = build.add(
        "https://snakemake.github.io", "SoftwareApplication", name="Snakemake", url="https://snakemake.github.io",
        softwareVersion=version("snakemake"),
    )  # fmt: skip
    build.add(
        "#orchestration", "OrganizeAction", name="Snakemake's part", instrument=engine, object=control, result=action,
        agent=build.who, endTime=last, actionStatus=DONE,
    )  # fmt: skip
    build.crate.root_dataset.append_to("mentions", action)
    build.crate.datePublished = last
    for direction, files in (("input", read), ("output", _named(made, "runs.csv") + _named(made, "report.html"))):
        for entity in files:
            _add_parameter(build, workflow, direction, entity)


def _add_parameter(build: Builder, workflow: Any, direction: str, entity: Any) -> None:
    name = entity["name"]
    parameter = build.crate.add_formal_parameter(
        name, "File", f"#{direction}-{name}", properties={"workExample": entity}
    )
    entity["exampleOfWork"] = parameter
    workflow.append_to(direction, parameter)


def _named(entities: list[Any], start: str) -> list[Any]:
    return [entity for entity in entities if entity["name"].startswith(start)]


def _single(entity: dict[str, Any]) -> dict[str, Any]:
    """A list of one value as that value, as RO-Crate recommends."""
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in entity.items()}
