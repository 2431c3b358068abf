"""The paper's printed numbers: each is read once, each has its measure, and bad files are told in one line."""

import csv

import made_up_verdict as made
import pytest
from made_up_verdict import published
from score_mlx.system.errors import UserError
from score_mlx.verdict import language_cells, numbers
from score_mlx.verdict.measures import TEXT_MEASURES
from score_mlx.verdict.published import NAMES, WORDS, read_published


def test_primary_numbers():
    """What the issue of double counting names: five values of the text stand in tables, two share one measure."""
    shown = {(n.row, n.printed) for n in made.PRINTED if n.target == "text" and not n.primary}
    assert {printed for _, printed in shown} >= {"7.6", "0.56", "0.55", "18", "22", "1.53", "1.51"}
    assert not published("table7a", "average", "score").primary and not published("table7a", "2", "diff").primary
    assert published("table7a", "2", "score").primary and published("table2", "SCORE_gat", "rmse_mean").primary
    places = {number.place for number in made.PRINTED}
    assert all(n.same_as in places for n in made.PRINTED if n.same_as)


def test_what_is_repeated_must_be_printed(tmp_path):
    (tmp_path / "table2.csv").write_text("model,rmse_mean\ngat,0.5\n")
    for place, says in (
        ("table2:gcn:rmse_mean", "which is not printed there"),
        ("table2", "expected table:row:column"),
    ):
        (tmp_path / "text_values.csv").write_text(f"quantity,value,same_as\nGAT RMSE,0.5,{place}\n")
        with pytest.raises(UserError, match=says):
            read_published(tmp_path)


def test_every_published_number_has_one_row():
    rows = numbers.verdict_table(made.evidence(wanted=[]), made.PRINTED)
    places = [(row["target"], row["row"], row["column"]) for row in rows]
    assert len(places) == len(set(places)) and set(rows[0]) == set(numbers.COLUMNS)
    expected = 0
    for path in made.PAPER.glob("*.csv"):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                words = {next(name for name in NAMES if name in row), *WORDS}
                expected += sum(value not in ("", "NA") for name, value in row.items() if name not in words)
    assert len(rows) == expected > 300
    assert {row["verdict"] for row in rows} == {"not run", "shown"}
    lacking = [row for row in rows if row["verdict"] == "not run"]
    assert [row["row"] for row in lacking if not row["command"]] == ["H100 five-minute val_bpb"]  # nothing makes it
    assert all((row["command"] or "snakemake results/").startswith("snakemake results/") for row in lacking)
    assert all(row["reason"] for row in rows)
    *_, total = numbers.summary(rows)
    assert total["not run"] + total["shown"] == len(rows)
    assert total["not run"] == sum(n.primary and n.kind not in ("std", "rank", "setting") for n in made.PRINTED)


def test_every_number_of_a_language_model_has_its_run_and_every_other_its_measure():
    places = {number.place for number in made.PRINTED}
    assert set(language_cells.CELLS) <= places
    of_language = {n.place for n in made.PRINTED if n.kind in ("loss", "bpb", "parameters")}
    assert of_language - set(language_cells.CELLS) == {("text", "H100 five-minute val_bpb", "value")}
    of_text = {n.row for n in made.PRINTED if n.target == "text" and n.place not in of_language and not n.same_as}
    assert of_text == set(TEXT_MEASURES)


def test_unknown_columns_and_words_are_one_line(tmp_path):
    (tmp_path / "text_values.csv").write_text("quantity,value\n")
    (tmp_path / "table2.csv").write_text("model,rmse_mean\ngat,good\n")
    with pytest.raises(UserError, match="row 'gat', rmse_mean is 'good', expected a number"):
        read_published(tmp_path)
    (tmp_path / "table2.csv").write_text("model,mae\ngat,0.5\n")
    with pytest.raises(UserError, match="unknown column 'mae'"):
        read_published(tmp_path)
    with pytest.raises(UserError, match="no table"):
        read_published(tmp_path / "nowhere")
