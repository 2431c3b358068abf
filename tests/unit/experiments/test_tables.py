"""Table 2: rank, mean, spread, what compares with the paper and what does not, in three formats."""

import csv
import shutil
import subprocess
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx.experiments.models import table as tables
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError

PAPER = tables.read_paper(Path(__file__).resolve().parents[3] / "data" / "paper" / "table2.csv")


def run(arch="gat", config="SCORE", best=(0.5, 0.6, 0.7, 0.6, 0.6), last=None, dataset=made_up.ESOL, **options):
    meta = options.pop("meta", {})
    record = made_up.record(GraphSpec(dataset["name"], arch, config, **options), dataset, list(best), last)
    return made_up.run(record, made_up.meta(**meta))


def test_a_row_by_hand():
    (row,) = tables.model_table([run(last=[0.6, 0.7, 0.8, 0.7, 0.7])], PAPER)
    assert (row["rank"], row["model"], row["top"]) == (1, "SCORE_gat", "*")
    assert row["rmse_mean"] == pytest.approx(0.6)
    assert row["rmse_std"] == pytest.approx((0.02 / 5) ** 0.5)  # the population's
    assert row["last_rmse_mean"] == pytest.approx(0.7)
    assert (row["paper_rank"], row["paper_mean"], row["paper_std"]) == (13, 0.564, 0.04)
    assert row["difference"] == pytest.approx(0.036)
    assert (row["comparable"], row["dataset"], row["stand_in"], row["cuts"]) == ("yes", "esol", "no", "none")
    assert (row["preset"], row["seed"], row["device"]) == ("laptop", 42, "cpu")
    assert row["versions"] == "mlx=0.32.4 numpy=2.4.6"
    assert tuple(row) == tables.COLUMNS


def test_all_forty_in_order_with_the_best_thirteen_marked():
    rows = tables.model_table([made_up.run(*pair) for pair in made_up.all_forty()], PAPER)
    assert [row["rank"] for row in rows] == list(range(1, 41))
    means = [row["rmse_mean"] for row in rows]
    assert means == sorted(means)
    assert [row["top"] for row in rows] == ["*"] * 13 + [""] * 27
    assert sum(row["paper_mean"] is not None for row in rows) == 13
    assert {row["comparable"] for row in rows} == {"yes", "the paper gives no value"}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (run(dataset=made_up.NCI), "dataset nci"),
        (run(epochs=2), "epochs 2/150"),
        (run(epochs=2, batch_size=8), "epochs 2/150, batch_size 8/32"),
        (run(steps=3), "steps 3"),
        (run(learning_rate=0.01), "learning_rate 0.01"),
        (run("gat", "classic"), "the paper gives no value"),
    ],
)
def test_what_does_not_compare_says_why_and_has_no_difference(made, why):
    (row,) = tables.model_table([made], PAPER)
    assert (row["comparable"], row["difference"]) == (why, None)
    assert "0.564" not in made_up.markdown(
        tables.READABLE, [row], "T", []
    )  # beside ours it would invite the comparison


def test_diverged_models_come_last_and_say_so():
    blown_up = run("gt", "base", best=(None, 0.5, 0.5, 0.5, 0.5))
    late = run("mpnn", "base", best=(0.8,) * 5, last=[0.8, None, 0.9, 0.9, None])
    rows = tables.model_table([blown_up, late, run()], PAPER, not_run=["gcn"])
    assert [row["model"] for row in rows] == ["SCORE_gat", "mpnn", "gt", "gcn"]
    assert [row["diverged"] for row in rows] == ["", "last 2/5", "best 1/5, last 1/5", None]
    assert (rows[1]["last_rmse_mean"], rows[2]["rmse_mean"], rows[2]["top"]) == (None, None, "")
    text = made_up.markdown(tables.READABLE, rows, "Table 2", [])
    assert text.count("diverged") == 3 and text.count("not run") == 1


def test_records_of_different_data_do_not_share_a_table():
    other = {**made_up.ESOL, "sha256": "c" * 64}
    with pytest.raises(UserError, match="dataset sha256"):
        tables.model_table([run(), run("gcn", dataset=other)], PAPER)
    with pytest.raises(UserError, match="no run records"):
        tables.model_table([], PAPER)


def test_captions_say_stand_in_and_cuts_first():
    said = tables.caption([run(dataset=made_up.NCI, epochs=2, meta={"preset": "smoke"})])
    assert said[0].startswith("STAND-IN DATA (NCI stand-in, labels computed")
    assert said[1].startswith("CUT RUNS (epochs 2/150)")
    assert "preset smoke" in said[2] and "1128 molecules" in said[2] and "seed 42" in said[2]
    assert tables.caption([run()])[0].startswith(
        "Data and runs: ESOL, 1128 molecules, 5 folds (kfold); preset laptop; cuts none"
    )


def test_four_files_and_nothing_else(tmp_path):
    made = [made_up.run(*pair) for pair in made_up.all_forty()]
    rows = tables.model_table(made, PAPER)
    made_up.write_all(tmp_path / "table2.csv", tables.COLUMNS, tables.READABLE, rows, "Table 2", tables.caption(made))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"table2.{kind}" for kind in ("csv", "json", "md", "tex")
    ]
    with (tmp_path / "table2.csv").open(newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == 40 and tuple(read[0]) == tables.COLUMNS
    assert float(read[0]["rmse_mean"]) == pytest.approx(rows[0]["rmse_mean"], abs=5e-5)
    lines = [line for line in (tmp_path / "table2.md").read_text().splitlines() if line.startswith("|")]
    assert len(lines) == 42 and len({len(line) for line in lines}) == 1  # aligned, for terminals
    assert "None" not in (tmp_path / "table2.csv").read_text() + (tmp_path / "table2.md").read_text()


def test_no_data_set_breaks_the_formats():
    named = {**made_up.ESOL, "name": "a_b", "label": r"100% of <b>my</b> $data$ \o/ | & {#1}_~^"}
    made = [run(dataset=named)]
    rows = tables.model_table(made, {})
    assert "<b>" not in made_up.markdown(tables.READABLE, rows, "T", tables.caption(made)).replace("&lt;b>", "")
    tex = made_up.latex(tables.READABLE, rows, "T", tables.caption(made))
    assert r"100\% of \textless{}b\textgreater{}my" in tex and r"SCORE\_gat" in tex
    assert r"\$data\$ \textbackslash{}o/ | \& \{\#1\}\_\textasciitilde{}\textasciicircum{}" in tex


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_accepts_the_table(tmp_path):
    made = [run()]
    table = made_up.latex(tables.READABLE, tables.model_table(made, PAPER), "T_1", tables.caption(made))
    document = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}" + table + "\\end{document}"
    (tmp_path / "t.tex").write_text(document)
    subprocess.run(["pdflatex", "-halt-on-error", "t.tex"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
