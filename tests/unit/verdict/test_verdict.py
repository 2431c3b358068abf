"""Numbers: each kind of verdict on planted cases, foreign records set apart or refused."""

import json
import math
from dataclasses import replace

import made_up_records as made_up
import made_up_verdict as made
import pytest
from made_up_verdict import published
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.stats import statistics
from score_mlx.system.errors import UserError
from score_mlx.verdict import numbers
from score_mlx.verdict.commands import command, listing
from score_mlx.verdict.evidence import paper_protocol
from score_mlx.verdict.measures import measure
from score_mlx.verdict.pool import NotComparableError, NotRunError, Pool
from score_mlx.verdict.published import Published
from score_mlx.verdict.rerun import Scale
from score_mlx.verdict.rules import Measured, judge

GAT = GraphSpec("esol", "gat", "SCORE")


def rmse(printed, kind="rmse"):
    return Published("table2", "SCORE_gat", "rmse_mean", float(printed), printed, kind)


SCALE = Scale(0.01, 56, "28 configurations")  # h is 2.0032 x 0.01 x sqrt(2) = 0.02833 for one repeat, 0.02313 for three
LOG = Scale(math.log(1.1), 56, "pairs")  # of one repeat a factor of 1.31


def ours(value, **given):
    return Measured(value, **{"scale": SCALE} | given)


@pytest.mark.parametrize(
    ("number", "ours", "verdict", "word"),
    [
        (rmse("0.563"), ours(0.591), "reproduced", "0.028 off, rerun interval 0.0283 (1 repeat)"),
        (rmse("0.563"), ours(0.592), "not reproduced", "0.029 off"),
        (rmse("0.563"), ours(0.534), "not reproduced", "0.029 off"),
        (rmse("0.563"), ours(0.587, repeats=3), "not reproduced", "rerun interval 0.0231 (3 repeats)"),
        (rmse("0.563"), ours(0.565, scale=Scale(0.02, 56, "")), "inconclusive", "wider than 0.03; no number of our"),
        (
            rmse("0.563"),
            ours(0.565, scale=Scale(0.011, 56, ""), seconds=3600.0),
            "inconclusive",
            "2 repeats would do, 1",
        ),
        (rmse("0.563"), ours(0.7, scale=Scale(0.02, 56, "")), "not reproduced", "0.137 off"),  # wide, yet outside
        (rmse("0.563"), ours(0.563, scale=None, how="1 run"), "inconclusive", "1 run: no rerun standard deviation"),
        (rmse("0.563"), ours(math.nan, how="2 of 5 folds"), "not reproduced", "diverged: 2 of 5 folds"),
        (rmse("0.04", "std"), ours(0.9), "shown", "not judged"),
        (rmse("1", "rank"), ours(40), "shown", "together"),
        (rmse("7.6", "improvement"), ours(5.7, scale=Scale(1.0, 56, "")), "reproduced", "1.9 off"),
        (rmse("4.0", "factor"), ours(3.1, scale=LOG, logarithm=True), "reproduced", "29 % off, rerun interval 31 %"),
        (rmse("4.0", "factor"), ours(3.0, scale=LOG, logarithm=True), "not reproduced", "33 % off"),
        (rmse("4.0", "factor"), ours(4.0, scale=LOG, logarithm=True, flaw="edge"), "inconclusive", "unreliable: edge"),
        (rmse("34", "parameters"), Measured(34.24), "reproduced", "within 0.5"),
        (rmse("28", "parameters"), Measured(28.92), "not reproduced", "within 0.5"),
        (rmse("10.7", "parameters"), Measured(10.688), "reproduced", "within 0.05"),
        (rmse("1.2594", "bpb"), Measured(1.29, how="1 run"), "inconclusive", "0.0306 off; 1 run"),
    ],
)
def test_rules(number, ours, verdict, word):
    found, reason = judge(number, ours)
    assert found == verdict and word in reason


def test_a_model_by_hand():
    seen = made.evidence(wanted=[GAT], plant=lambda spec: {"folds": [0.53, 0.54, 0.58, 0.54, 0.51]}, repeats=(0,))
    found = measure(seen, rmse("0.564"))
    assert found.value == pytest.approx(0.54) and found.repeats == 1 and found.scale is None  # none has repeats
    assert found.records == ["esol/graphs/gat/SCORE/default/run.json"]
    assert measure(seen, rmse("0.04", "std")).value == pytest.approx(0.0228, abs=1e-4)


def test_depths_by_hand():
    def plant(spec):
        return {"folds": [0.55, 0.57, 0.53, 0.54, 0.56] if spec.recurrent else [0.6, 0.61, 0.6, 0.59, 0.6]}

    seen = made.evidence(plant, made.specs("table7a"), repeats=(0,))
    ours = {column: measure(seen, published("table7a", "3", column)) for column in ("score", "native", "diff", "dt")}
    assert (ours["score"].value, ours["native"].value, ours["diff"].value) == pytest.approx((0.55, 0.6, 0.05))
    assert ours["dt"].value == pytest.approx(1 / 3)
    gain = measure(seen, published("table7a", "average", "improvement_percent"))
    assert gain.value == pytest.approx(100 * 0.05 / 0.6)
    assert measure(seen, published("text", "mean GAT improvement percent", "value")) == gain


def test_speed_up_factors():
    def plant(spec):
        return {"speed": 2.0 if spec.recurrent else 1.0}

    found = measure(made.evidence(plant, made.specs("table6")), published("table6", "GAT", "without_rdkit"))
    assert found.value == pytest.approx(2, rel=0.05) and found.logarithm
    assert len(found.records) == 2 and not found.flaw
    apart = made.evidence(lambda s: plant(s) | {"mean": 0.6 + 0.3 * s.recurrent}, made.specs("table6"))
    assert "apart" in measure(apart, published("table6", "GAT", "without_rdkit")).flaw


@pytest.mark.parametrize(
    ("run", "verdict", "reason"),
    [
        (made.make_run(GAT, 0.565), "inconclusive", "0.00"),
        (made.make_run(replace(GAT, seed=7), 0.565), "inconclusive", "0.00"),  # another seed is as good
        (made.make_run(replace(GAT, dataset="nci"), 0.564, dataset=made_up.NCI), "not comparable", "dataset nci"),
        (made.make_run(GAT, 0.564, dataset=made_up.NCI), "not comparable", "dataset nci"),
        (made.make_run(GAT, 0.564, dataset={**made_up.ESOL, "stand_in": True}), "not comparable", "stand-in data"),
        (made.make_run(replace(GAT, epochs=2), 0.564), "not comparable", "epochs 2/150"),
        (made.make_run(replace(GAT, learning_rate=0.01), 0.564), "not comparable", "learning_rate 0.01"),
        (made.make_run(replace(GAT, split="grouped"), 0.564), "not comparable", "split grouped"),
        (made.make_run(replace(GAT, steps=3), 0.564), "not run", "1 record is missing"),  # another model
        (made.make_run(replace(GAT, repeat=1), 0.564), "not run", "1 record is missing"),
        (made.make_run(GAT, folds=[0.5, math.nan, 0.5, 0.5, 0.5]), "not reproduced", "1 of 5 folds"),
    ],
)
def test_foreign_records_are_set_apart(run, verdict, reason):
    seen = replace(made.evidence(wanted=[]), pool=Pool([run]), repeats=(0,))
    (row,) = numbers.verdict_table(seen, [published("table2", "SCORE_gat", "rmse_mean")])
    assert row["verdict"] == verdict and reason in row["reason"]
    assert (row["difference"] is None) == (verdict != "inconclusive")
    assert verdict != "not run" or row["command"] == "snakemake results/runs/esol/graphs/gat/SCORE/default/run.json"


def test_the_papers_own_run_counts_where_others_are_there_too():
    others = [made.make_run(replace(GAT, epochs=2), 0.9), made.make_run(replace(GAT, seed=7), 0.8)]
    seen = replace(made.evidence(wanted=[]), pool=Pool([*others, made.make_run(GAT, 0.564)]))
    assert seen.runs([GAT])[0].spec == GAT
    with pytest.raises(NotRunError, match="1 record is missing: esol/graphs/gcn"):
        seen.runs([GAT, replace(GAT, arch="gcn")])


def test_runs_on_other_molecules_do_not_stand_side_by_side():
    other = {**made_up.ESOL, "folds_sha256": "c" * 64}
    gcn = replace(GAT, arch="gcn")
    seen = replace(made.evidence(wanted=[]), pool=Pool([made.make_run(GAT), made.make_run(gcn, dataset=other)]))
    with pytest.raises(NotComparableError, match="folds_sha256"):
        seen.scores([GAT, gcn])


def test_settings_of_config_do_not_move_the_papers_protocol():
    smoke = made.CONFIG.model_copy(update={"graphs": made.CONFIG.graphs.model_copy(update={"epochs": 1, "steps": 2})})
    assert paper_protocol(smoke).specs("table2")[0] == made.CONFIG.specs("table2")[0]


@pytest.fixture
def folder(tmp_path):
    """A folder with one good record; its path."""
    path = GAT.path(tmp_path / "runs")
    made_up.write(path.parent, made_up.record(GAT), made_up.meta())
    return path


def test_a_folder_is_read(folder, tmp_path):
    assert set(Pool.read(tmp_path).runs) == {GAT}
    (tmp_path / "empty").mkdir()
    assert Pool.read(tmp_path / "empty").runs == {}
    with pytest.raises(UserError, match="no such folder"):
        Pool.read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "key", "value", "says"),
    [
        ("run.meta.json", "preset", "mine", "preset 'mine', expected one of paper, laptop, smoke, none"),
        ("run.json", "schema", 2, "schema"),
        ("run.json", "science", 99, "science 99, expected"),
        ("run.json", "cuts", [{"setting": "epochs", "ours": 2, "paper": 150}], "cuts"),
        ("run.json", "family", "proteins", "unknown family 'proteins'"),
    ],
)
def test_a_record_of_another_preset_or_schema_is_refused(folder, tmp_path, file, key, value, says):
    path = folder.with_name(file)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(UserError) as refused:
        Pool.read(tmp_path)
    assert says in str(refused.value) and str(path.parent) in str(refused.value) and "\n" not in str(refused.value)


def test_a_language_model_is_judged():
    number, size = (published("table10", "SCORE", column) for column in ("val_loss_table", "parameters_million"))
    none = replace(made.evidence(wanted=[]), pool=Pool([]))
    with pytest.raises(NotRunError, match="language/chargpt/SCORE_skip05"):
        measure(none, number)

    def seen(*runs):
        return replace(none, pool=Pool(runs))

    run = made.language_run("char_score6_muon", loss=1.58, parameters=1_822_913)
    found = measure(seen(run), number)
    assert found.value == 1.58 and judge(number, found)[0] == "inconclusive"
    assert found.records == [made.language_spec("char_score6_muon").path("").as_posix()]
    assert judge(size, measure(seen(run), size))[0] == "reproduced"
    far = measure(seen(made.language_run("char_score6_muon", loss=1.7)), number)
    assert judge(number, far)[1] == "0.14 off; 1 run on cpu: no rerun standard deviation without repeats"
    near = [made.language_run("char_score6_muon", loss=1.57 + 0.005 * r, repeat=r) for r in range(3)]
    assert judge(number, measure(seen(*near), number))[0] == "reproduced"
    three = [made.language_run("char_score6_muon", loss=1.7 + 0.01 * r, repeat=r) for r in range(3)]
    assert judge(number, measure(seen(*three), number))[0] == "not reproduced"
    cut = made.language_run("char_score6_muon", loss=1.56, iterations=9)
    with pytest.raises(NotComparableError, match="iterations 9/3000"):
        measure(seen(cut), number)
    assert measure(seen(cut, run), number).value == found.value  # the paper's own run counts
    other = made.language_run("char_score6_muon", corpus="markov-char", dataset="markov-char")
    with pytest.raises(NotComparableError, match="corpus markov-char"):
        measure(seen(other), number)
    muon = made.language_run("char_native_muon")
    with pytest.raises(NotRunError):
        measure(seen(muon), published("table10", "nanoGPT", "val_loss_table"))  # that is AdamW's


def test_commands_name_few_records_and_the_tables_of_many():
    listed, names = listing(made.CONFIG), [spec.path("").as_posix() for spec in made.specs("table3")]
    assert command(listed, names[:1]) == f"snakemake results/runs/{names[0]}"
    assert command(listed, names) == "snakemake results/table3.csv"
    assert command(listed, [s.path("").as_posix() for s in made.specs("figure9")]).endswith("figure9.png")
    both = command(listed, [*names, *(s.path("").as_posix() for s in made.specs("table4"))])
    assert both == "snakemake results/table3.csv results/table4.csv"
    grouped = [replace(spec, split="grouped").path("").as_posix() for spec in made.specs("table2")]
    assert command(listed, grouped) == "snakemake results/robustness.csv" and command(listed, []) is None


def test_pairs_of_all_tables():
    from score_mlx.verdict import pairs

    seen = made.evidence(lambda spec: {"mean": 0.5 if getattr(spec, "config", "") == "SCORE" else 0.6})
    rows = pairs.pairs_table(seen, pairs.all_pairs(seen))
    found = {(row["comparison"], row["target"], row["a"], row["steps"]): row for row in rows}
    assert len(found) == len(rows) == 1 + 4 * (6 * 8 + 3 * 8) + 4 * 6
    row = found["SCORE against base", "table2", "SCORE_gat", 4]
    assert row["difference"] == pytest.approx(-0.1, abs=0.002) and row["says"] == "a better" and row["left"] > 0.99
    assert row["low"] < row["difference"] < row["high"] and row["p"] <= row["p_holm"] < 0.001 and row["n"] == 5
    assert found["skip05 against base", "table2", "gat_skip05", 4]["says"] == "equivalent"
    assert found["dt 0.5 against 1/K", "table2", "SCORE_gat_skip05", 4]["says"] == "a worse"
    assert sum(row[side] for side in ("left", "equivalent", "right")) == pytest.approx(1)
    empty = made.evidence(wanted=[])
    assert {row["says"] for row in pairs.pairs_table(empty, pairs.all_pairs(empty))} == {"not run"}
    assert rows[0]["rope"] == 0.02 and statistics.holm([]) == []
