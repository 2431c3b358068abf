"""A folder of results made up for tests of the page: a little of everything, with hostile text wherever text can be."""

import json
from pathlib import Path

import made_up_records as made_up
import yaml
from PIL import Image
from score_mlx.config.file import validate
from score_mlx.report import costs
from score_mlx.report.page import Places
from score_mlx.system.files import write_csv, write_text
from score_mlx.tables import formats
from score_mlx.verdict import claim_table as claims_module
from score_mlx.verdict import numbers
from score_mlx.verdict.finding import CLAIM_VERDICTS

ROOT = Path(__file__).resolve().parents[1]
EVIL = """<script>alert("x")</script>"><img src=x onerror=alert(1)>' {{ 7 * 191 }} & | ]]>"""
EXPERIMENTS = {
    "learnable_dt": {"kind": "learned_dt", "title": "Learned", "archs": ["gcn"]},
    "table3": {
        "kind": "models",
        "title": f"B {EVIL}",
        "archs": ["gcn"],
        "configs": ["base"],
        "readout": "sum",
        "figure": "figure6",
    },
    "figure9": {
        "kind": "integrators",
        "title": "I",
        "archs": ["gcn"],
        "integrators": ["euler"],
        "figure": "figure9",
    },
    "table2": {"kind": "models", "title": "A", "archs": ["gcn"], "configs": ["base", "SCORE"], "figure": "figure2"},
}
MODELS = ["gcn", "SCORE_gcn", EVIL]


def config():
    """A config of these experiments, in another order than the paper's."""
    known = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    return validate(known | {"dataset": "esol", "preset": "paper", "experiments": EXPERIMENTS})


def places(folder):
    return Places(ROOT, folder / "tables", folder / "tables", folder / "runs", folder)


def write(folder):
    """All files that the page reads; those of table3, figure9 and learnable_dt are not there."""
    tables = folder / "tables"
    columns = (("model", lambda row: row["model"]), ("RMSE", lambda row: formats.number(row["rmse"])))
    rows = [{"model": m, "rmse": 0.5 + k / 10, "sample": f"To be\n  or not {EVIL}\n"} for k, m in enumerate(MODELS)]
    texts = [(f"{row['model']} {EVIL}", row["sample"]) for row in rows]
    for name in ("table2", "table2_more", "shap_top100", "robustness"):
        said = (f"{name} {EVIL}", [EVIL], texts)
        made_up.write_all(tables / f"{name}.csv", ("model", "rmse", "sample"), columns, rows, *said)
    for figure in ("figure2", "extra"):
        Image.new("RGB", (600, 300), "#336699").save(tables / f"{figure}.png")
        write_text(
            tables / f"{figure}.json", json.dumps({"title": f"{figure} {EVIL}", "caption": f"What it shows: {EVIL}"})
        )
    write_csv(tables / "verdict.csv", numbers.COLUMNS, list(cells()))
    write_csv(tables / "claims.csv", claims_module.COLUMNS, list(claims()))
    write_csv(tables / "runs.csv", costs.COLUMNS, [run(*config().specs("table2"))])
    write_csv(folder / "data" / "esol" / "qc.csv", ("row", "reason", "done"), [("1", f"named {EVIL}", "kept")])


def cells():
    """A number of each verdict in table2, one of the text, one of a table that config.yaml lacks."""
    for place, verdict in enumerate(("reproduced", "not reproduced", "inconclusive", "not comparable", "shown")):
        yield cell(row=f"{verdict} {EVIL}", verdict=verdict, ours=f"0.5{place}00", low="0.4000", high="0.6000")
    yield cell(target="text", row="parameters (million)", column="value", verdict="not run")
    yield cell(target="table10", row=EVIL, verdict="not run")


def cell(**given):
    known = {"target": "table2", "column": "rmse_mean", "paper": "0.533", "reason": f"because {EVIL}", "command": EVIL}
    known["primary"] = "yes"
    return [(known | given).get(name, "") for name in numbers.COLUMNS]


def claims():
    for place, verdict in enumerate(CLAIM_VERDICTS):
        known = dict.fromkeys(claims_module.COLUMNS, EVIL) | {
            "id": f"claim_{place}",
            "verdict": verdict,
            "p": "0.00001",
        }
        yield [(known | {"low": "-0.01", "high": "0.0312345"})[name] for name in claims_module.COLUMNS]


def run(spec, *_):
    known = dict.fromkeys(costs.COLUMNS, EVIL) | {"path": spec.path("").as_posix(), "seconds": "4000", "cuts": "none"}
    return [(known | {"dataset": "esol", "stand_in": "no", "solo": "yes"})[name] for name in costs.COLUMNS]
