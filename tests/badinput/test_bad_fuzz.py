"""Made-up input by the thousand: whatever a record, a config or a SMILES says, there is a value or one line.

FUZZ_SECONDS says for how long, over the three (`make fuzz SECONDS=600`); 30 by default.
"""

from __future__ import annotations

import json
import os
import string
import time
from pathlib import Path

import made_up_records as made_up
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from score_mlx.config.file import load
from score_mlx.data.chem.features import SCHEMES, featurise
from score_mlx.data.chem.guarded import LONGEST, read
from score_mlx.models.families import read_record, spec_from_path, spec_of
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError

SECONDS = float(os.environ.get("FUZZ_SECONDS", "30")) / 3
ROUND = 50  # examples between two looks at the clock
RECORD = made_up.record(GraphSpec("esol", "gat", "SCORE", epochs=2))
CONFIG = yaml.safe_load((Path(__file__).resolve().parents[2] / "config.yaml").read_text())

PIECES = ["C", "c1ccccc1", "N", "(=O)", "[Na+]", ".", "O", "C1", "1", "[2H]", "=", "#"]

numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([0, 1, -1, 2**63, 1e-300]))
plain = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=12))
values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4))
)
smiles = st.one_of(
    st.text(alphabet="CNOSPFIclnosBr[]()=#@+-/\\%0123456789.*:HNa", max_size=80),
    st.text(max_size=40),
    st.text(alphabet=string.printable, max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
)


def paths(part, here=()):
    """The place of every value in nested lists and dictionaries."""
    yield here
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield from paths(value, (*here, key))


@st.composite
def mutants(draw, base):
    """`base` with some of its values replaced, removed, or given a neighbour."""
    made = json.loads(json.dumps(base))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(sorted(paths(made), key=str)))
        if not place:
            continue
        part = made
        for key in place[:-1]:
            part = part[key]
        how = draw(st.sampled_from(["replace", "remove", "add"]))
        if how == "remove":
            del part[place[-1]]
        elif how == "add" and isinstance(part, dict):
            part[draw(st.text(max_size=8))] = draw(values)
        else:
            part[place[-1]] = draw(values)
    return made


def until_the_clock(strategy, check) -> int:
    """Examples of `strategy` through `check` until time is up, each round with a seed of its own; how many."""
    end, count = time.monotonic() + SECONDS, 0

    def counted(example):
        nonlocal count
        count += 1
        check(example)

    while time.monotonic() < end:
        start = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        start(given(strategy)(counted))()
    return count


def one_line(reason: UserError) -> None:
    said = " ".join(str(reason).split())
    assert said and len(said) < 2000, said


@pytest.mark.fuzz
def test_records(folder, record_property, capsys):
    path = folder / "run.json"

    def check(content):
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), errors="replace")
        try:
            spec = spec_of(read_record(path), path)
        except UserError as reason:
            one_line(reason)
            assert str(path) in str(reason)
        else:
            assert spec_from_path(spec.path()) == spec
            assert ".." not in spec.path("").parts

    report(capsys, "records", until_the_clock(st.one_of(mutants(RECORD), values, st.binary(), st.text()), check))


@pytest.mark.fuzz
def test_configs(folder, monkeypatch, capsys):
    path = folder / "config.yaml"

    def check(content):
        written = isinstance(content, str)
        path.write_text(content if written else yaml.safe_dump(content, allow_unicode=True), errors="replace")
        try:
            config = load(path)
            for experiment in config.experiments:
                config.specs(experiment)
        except UserError as reason:
            one_line(reason)

    report(capsys, "configs", until_the_clock(st.one_of(mutants(CONFIG), values, st.text()), check))


@pytest.mark.fuzz
def test_smiles(capsys):
    def check(text):
        reading = read(text)
        assert bool(reading.canonical) is not bool(reading.flaw)
        if reading.flaw:
            assert reading.flaw.isprintable() and len(reading.flaw) < 200
            return
        again = read(reading.canonical)
        assert len(text) > LONGEST or not again.flaw, (text, reading.canonical, again.flaw)
        for scheme, (atoms, bonds) in SCHEMES.items():
            graphs = featurise([text], scheme, processes=1)
            assert graphs.atoms.shape[1:] == (atoms,) and graphs.bonds.shape[1:] == (bonds,)
            assert (graphs.source[graphs.reverse] == graphs.target).all() and len(graphs.atoms)

    report(capsys, "SMILES", until_the_clock(smiles, check))


def report(capsys, what: str, count: int) -> None:
    assert count >= ROUND
    with capsys.disabled():
        print(f"\nfuzz: {count} {what} in {SECONDS:.0f} s, each a value or one line")
