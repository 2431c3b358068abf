"""What runs have cost and will cost, and what learned step sizes gain: by hand, from made-up records."""

import made_up_records as made_up
import pytest
from score_mlx.cli import runs as cli_runs
from score_mlx.experiments.learned_dt import table as learned
from score_mlx.models.classical.spec import METHODS
from score_mlx.models.estimate import cost, estimate
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError
from score_mlx.tables import catalogue


def run(arch="gat", config="SCORE", seconds=100.0, dt=None, best=None, started="2026-01-01T00:00:00+00:00", **options):
    record = made_up.record(GraphSpec("esol", arch, config, **options), best=best)
    for fold in record["folds"]:
        if dt:
            fold["learned_dt"] = dt
    return made_up.run(record, made_up.meta(seconds=seconds, started=started))


def test_cost_in_proportion_to_epochs_and_blocks():
    known = [run(seconds=700.0)]  # 4 blocks and 3 for the rest: 100 a block
    wanted = [
        GraphSpec("esol", "gat", "SCORE"),
        GraphSpec("esol", "gat", "SCORE", steps=7),
        GraphSpec("esol", "gat", "SCORE", epochs=15),
        GraphSpec("esol", "gat", "SCORE", integrator="rk4"),
        GraphSpec("esol", "gcn", "SCORE"),
    ]
    found = estimate([*wanted, wanted[1]], {wanted[0]}, known)
    assert (found.done, found.missing, found.unknown) == (1, 4, ["SCORE_gcn"])
    assert found.seconds == pytest.approx(1000 + 70 + 1900) and found.longest == pytest.approx(1900)
    assert found.hours(1) == pytest.approx(2970 / 3600) and found.hours(8) == pytest.approx(1900 / 3600)


def test_the_latest_runs_count():
    """Six of an older, slower version and five of now; a cluster asks for what the slowest took."""
    known = [run(seconds=100.0, started=f"2026-03-0{day}T00:00:00+00:00") for day in range(1, 6)]
    known += [run(seconds=900.0, started=f"2026-02-0{day}T00:00:00+00:00") for day in range(1, 7)]
    spec = GraphSpec("esol", "gat", "SCORE")
    assert cost(spec, known) == pytest.approx(100) and cost(spec, known, max) == pytest.approx(900)


def test_cost_grows_with_the_data_set():
    """Of a built-in one with its known number of molecules, of another with the number given."""
    known = [run(seconds=112.8)]  # on ESOL, 1,128 molecules
    for dataset, rows, seconds in (("lipo", None, 420.0), ("freesolv", None, 64.2), ("mine", 2256, 225.6)):
        found = estimate([GraphSpec(dataset, "gat", "SCORE")], set(), known, rows)
        assert found.seconds == pytest.approx(seconds)


def test_the_same_form_is_preferred_and_another_stands_in():
    known = [run(seconds=100.0), run(config="base", seconds=300.0)]
    assert estimate([GraphSpec("esol", "gat", "base", head="mlp")], set(), known).seconds == pytest.approx(300)
    assert estimate([GraphSpec("esol", "gat", "classic")], set(), known).seconds == pytest.approx(200)
    trees = made_up.run(made_up.record(METHODS["svr"][0]("esol", "svr")), made_up.meta(seconds=5.0))
    again = METHODS["svr"][0]("esol", "svr", split="grouped")
    assert estimate([again], set(), [trees]).seconds == pytest.approx(5)


def test_the_commands(tmp_path, repo, monkeypatch, capsys):
    monkeypatch.chdir(repo)
    folder = tmp_path / "runs"
    for arch in ("gat", "gcn"):
        spec = GraphSpec("esol", arch, "SCORE")
        made_up.write(spec.path(folder).parent, made_up.record(spec), made_up.meta(seconds=3600.0))
    cli_runs.runs(["model=gcn"], out=None, folder=folder)
    said = capsys.readouterr().out
    assert "1 runs, 1.0 hours" in said and "SCORE_gcn" in said and "SCORE_gat" not in said
    cli_runs.runs([], out=tmp_path / "runs.csv", folder=folder)
    assert len((tmp_path / "runs.csv").read_text().splitlines()) == 3
    with pytest.raises(UserError, match="unknown column 'modl'.*did you mean 'model'"):
        cli_runs.runs(["modl=gcn"], out=None, folder=folder)
    cli_runs.estimate("results/table2.csv", 2, None, "paper", folder, tmp_path / "none")
    said = capsys.readouterr().out
    assert "2 of 40 runs done" in said and "the other 38" in said and "gatv2" in said and "and 25 more" in said


def test_rows_of_the_catalogue():
    (row,) = catalogue.catalogue([run(best=[0.5, 0.7], readout="sum")])
    assert (row["model"], row["options"], row["path"]) == (
        "SCORE_gat",
        "readout=sum",
        "esol/graphs/gat/SCORE/readout=sum/run.json",
    )
    assert row["rmse_mean"] == pytest.approx(0.6) and tuple(row) == catalogue.COLUMNS
    assert catalogue.catalogue([run(best=[None, 0.7])])[0]["rmse_mean"] is None


def test_learned_steps_beside_fixed_ones():
    pair = [run(learn_dt=True, best=[0.5, 0.6], dt=[0.2, 0.3, 0.4, 0.1]), run(best=[0.52, 0.66])]
    (row,) = learned.learned_table(pair)
    assert (row["difference"], row["difference_std"]) == pytest.approx((-0.04, 0.02))
    assert [row[f"dt{k}"] for k in range(1, 5)] == pytest.approx([0.2, 0.3, 0.4, 0.1]) and row["dt2_fold1"] == 0.3
    assert tuple(row) == learned.columns(pair) and row["comparable"] == "yes"
    text = made_up.markdown(learned.READABLE, [row], "T", learned.caption(pair))
    assert "0.20, 0.30, 0.40, 0.10" in text
    (row,) = learned.learned_table([run(learn_dt=True, best=[None, 0.6], dt=[0.2, 0.3, 0.4, 0.1]), pair[1]])
    assert row["learned_mean"] is row["difference"] is None
    assert "diverged" in (text := made_up.markdown(learned.READABLE, [row], "T", [])) and "nan" not in text
    with pytest.raises(UserError, match="SCORE_gat: expected a run with learned and one with fixed dt"):
        learned.learned_table(pair[:1])
    with pytest.raises(UserError, match="no learned step sizes in the record"):
        learned.learned_table([run(learn_dt=True), run()])


def test_runs_are_picked_by_a_column_or_by_one_of_several_texts():
    rows = catalogue.catalogue([run(), run("gcn"), run("gine", "base")])
    for conditions, models in (
        ({"model": "gat"}, ["SCORE_gat"]),
        ({"model": "gat|GCN"}, ["SCORE_gat", "SCORE_gcn"]),
        ({"model": "gat|gine", "options": "default", "dataset": "esol|nci"}, ["SCORE_gat", "gine"]),
        ({"model": "gat", "dataset": "nci"}, []),
        ({"model": "=score_gat|gine"}, ["SCORE_gat", "gine"]),
        ({"dataset": "=eso"}, []),  # another data set's name may hold this one's
    ):
        assert [row["model"] for row in catalogue.matching(rows, conditions)] == models


def test_seconds_of_runs_that_shared_a_machine_are_marked():
    """Two overlap on one machine; one there later and one elsewhere at the same time had theirs to themselves."""

    def at(start, arch, host="a", seconds=100.0):
        record = made_up.record(GraphSpec("esol", arch, "SCORE"))
        return made_up.run(record, made_up.meta(started=f"2026-01-01T{start}+00:00", host=host, seconds=seconds))

    runs = [at("00:00:00", "gcn", seconds=1000.0), at("00:05:00", "gat"), at("01:00:00", "gine")]
    runs.append(at("00:05:00", "gt", "b"))
    rows = {row["options"] + row["model"]: row for row in catalogue.catalogue(runs)}
    assert [row["solo"] for row in rows.values()] == ["no", "no", "yes", "yes"]  # gat, gcn; gine, gt
    assert [show(row) for row in rows.values() for head, show in catalogue.READABLE if head == "seconds"] == [
        "100 (shared)", "1000 (shared)", "100", "100",
    ]  # fmt: skip
