"""`score-mlx verdict`: what a person reads, the files that the rules name, one line for a mistake."""

import csv
import re
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx import cli
from score_mlx.cli.verdict import TABLES
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[3]

KINDS = ("csv", "json", "md", "tex")


def run(*arguments):
    done = CliRunner().invoke(cli.app, ["verdict", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def forty(tmp_path_factory):
    """A folder with a record of each model of Table 2."""
    folder = tmp_path_factory.mktemp("elsewhere") / "runs"
    for record, meta in made_up.all_forty():
        made_up.write(GraphSpec(**record["spec"]).path(folder).parent, record, meta)
    return folder


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_somebody_elses_records_are_judged(forty, tmp_path):
    said = run("--from", forty, "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{t}.{s}" for t in TABLES for s in KINDS}
    table2 = next(row for row in rows(tmp_path / "verdict_summary.csv") if row["target"] == "table2")
    assert sum(int(table2[name]) for name in ("reproduced", "not reproduced", "inconclusive")) == 13
    assert re.search(r"\| table2 +\|", said) and "not run           CatBoost is the best" in said
    claims = {row["id"]: row for row in rows(tmp_path / "claims.csv")}
    assert f"{claims['top13_score']['verdict']:<17} 10 of the 13 best" in said
    assert said.rstrip().splitlines()[-1].startswith(f"{len(claims)} claims: ")
    assert claims["top13_score"]["p_holm"] and claims["catboost_best"]["missing"]
    for name in TABLES:
        text = (tmp_path / f"{name}.md").read_text()
        assert text.startswith("### ") and "None" not in text and not re.search(r"\bnan\b", text)
        rule = next(line for line in text.splitlines() if re.fullmatch(r"[|: -]+", line) and "-" in line)
        assert all("-" in cell for cell in rule.strip("|").split("|")), name  # ":" alone is no rule of a table


def test_one_table_in_silence(forty, tmp_path):
    assert run("--from", forty, "--out", tmp_path, "--only=robustness") == ""
    assert {path.name for path in tmp_path.iterdir()} == {f"robustness.{kind}" for kind in KINDS}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only=claim", "--out=x"], "unknown table 'claim'.*did you mean 'claims'"),
        (["--only=claims"], "--only: expected --out"),
        (["--from=nowhere"], "nowhere: no such folder"),
    ],
)
def test_mistakes(arguments, says):
    with pytest.raises(UserError, match=says):
        run(*arguments)


def rounded(cell):
    """A number to three digits, so that the last bits of another machine do not matter; anything else as it is."""
    try:
        return f"{float(cell):.3g}"
    except ValueError:
        return cell


def test_the_committed_verdict_is_that_of_the_committed_records(monkeypatch, tmp_path):
    """What takes long, the bootstrap of time warps, is compared where `make reference` made it: here it is read."""
    from score_mlx.stats import warp

    factors = [row for row in rows(ROOT / "results/reference/verdict.csv") if row["kind"] == "factor" and row["ours"]]

    def committed_interval(native, score):
        factor = warp.fit(native.mean(axis=0), score.mean(axis=0)).factor
        row = min(factors, key=lambda row: abs(float(row["ours"]) - factor))
        return float(row["low"]), float(row["high"])

    monkeypatch.setattr(warp, "interval", committed_interval)
    monkeypatch.chdir(ROOT)
    run("--from", "results/reference/runs", "--out", tmp_path, "--only=verdict", "--only=claims", "--only=pairs")
    for name, bootstrapped in (("verdict", "factor"), ("claims", "speed"), ("pairs", None)):
        made, committed = rows(tmp_path / f"{name}.csv"), rows(Path(f"results/reference/{name}.csv"))
        assert len(made) == len(committed)
        for ours, theirs in zip(made, committed, strict=True):
            key = "says" if name == "pairs" else "verdict"
            assert ours[key] == theirs[key]
            if bootstrapped not in ours.values() and ours[key] != "not run":
                assert [*map(rounded, ours.values())] == [*map(rounded, theirs.values())]
