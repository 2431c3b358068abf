"""The ledger of what the paper leaves open: its shape, and that every case of `fidelity` stands in it."""

import csv
from pathlib import Path

import yaml
from score_mlx.config.file import load
from score_mlx.models.graphs.spec import GraphSpec

ROOT = Path(__file__).resolve().parents[3]
PAPER = ROOT / "data" / "paper"
ENTRIES = yaml.safe_load((PAPER / "ledger.yaml").read_text(encoding="utf-8"))
KEYS = {"id", "kind", "where", "text", "code", "ours", "switch", "effect"}
# All that as_code and as_text differ in.
FIDELITY = {
    "activation_place",
    "mpnn_block",
    "attfp_neighbours",
    "recurrent_dropout",
    "descriptor_norm",
    "nanogpt_positions",
}


def test_every_entry_has_the_same_shape():
    for entry in ENTRIES:
        assert set(entry) - {"values"} == KEYS, entry["id"]
        assert entry["kind"] in ("disagreement", "error", "choice", "code_only"), entry["id"]
        assert all(value is None or isinstance(value, str) for key, value in entry.items() if key != "values"), entry[
            "id"
        ]
        assert entry["where"] and entry["ours"], entry["id"]
        assert ("values" in entry) == (entry["switch"] is not None), entry["id"]
        if entry["kind"] in ("disagreement", "code_only"):
            assert entry["text"] or entry["code"], entry["id"]
    ids = [entry["id"] for entry in ENTRIES]
    assert len(ids) == len(set(ids))


def test_every_fidelity_case_is_listed_and_no_other():
    assert {entry["id"] for entry in ENTRIES if entry["switch"] == "fidelity"} == FIDELITY


def test_switches_are_settings_and_their_first_value_is_the_default():
    config = load(ROOT / "config.yaml")
    for entry in ENTRIES:
        if (entry["switch"] or "").startswith("experiments."):
            _, experiment, name = entry["switch"].split(".")
            assert getattr(config.experiments[experiment], name) == entry["values"][0], entry["id"]
        elif entry["switch"]:
            name = entry["switch"].removeprefix("graphs.")
            holder = config.graphs if entry["switch"].startswith("graphs.") else config
            assert getattr(holder, name) == getattr(GraphSpec, name) == entry["values"][0], entry["id"]
            assert name not in GraphSpec.CHOICES or set(entry["values"]) <= set(GraphSpec.CHOICES[name]), entry["id"]


def test_the_tables_of_the_paper_are_there():
    for number in ("2", "3", "4", "5"):
        with (PAPER / f"table{number}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 13
        assert [float(row["rmse_mean"]) for row in rows] == sorted(float(row["rmse_mean"]) for row in rows)
        for row in rows:
            arch = row["model"].removeprefix("SCORE_").removesuffix("_skip05").removesuffix("_classic")
            assert arch in GraphSpec.CHOICES["arch"], row["model"]
