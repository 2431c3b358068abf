"""Several target columns: their names as they were written, a folder each, the same commands for each."""

import made_up_records as made_up
import pytest
from score_mlx.config.columns import of_column
from score_mlx.config.file import load
from score_mlx.config.texts import of_arguments, of_file
from score_mlx.data.chem.csvfile import RawRow
from score_mlx.data.chem.qc import check
from score_mlx.data.dataset_names import column_dataset
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.system.errors import UserError
from score_mlx.tables.compare import comparison, over_columns


def test_names_are_texts(tmp_path):
    assert of_arguments(["target_column=[400, NO, 'a b']"]) == {"target_column": ["400", "NO", "a b"]}
    assert of_arguments(["target_column='[400]'"]) == {"target_column": "[400]"}  # one column of that name
    (tmp_path / "c.yaml").write_text("target_column: [400, NO]\n")
    assert of_file(tmp_path / "c.yaml") == {"target_column": ["400", "NO"]}


def test_each_column_is_a_data_set(repo):
    given = {"dataset": "data/tox.csv", "target_column": ["NR AR"]}
    config = load(repo / "config.yaml", given)
    assert config.dataset_name == "tox-NR-AR" and config.column == "NR AR"
    assert {spec.dataset for spec in config.specs("table2")} == {"tox-NR-AR"}
    assert load(repo / "config.yaml", given | {"target_column": "NR AR"}).dataset_name == "tox"
    assert column_dataset("tox.csv", "毒").startswith("tox-column-")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (["a b", "a-b"], "'a b' and 'a-b' would share a folder, expected names that differ more"),
        (["a", "a"], "'a' and 'a' would share a folder"),
        ([], "expected the name of a column or a list of names"),
        (5, "target_column = 5: expected the name of a column or a list of names"),
    ],
)
def test_columns_that_cannot_be_told_apart(columns, says, repo):
    with pytest.raises(UserError) as raised:
        load(repo / "config.yaml", {"dataset": "tox.csv", "target_column": columns})
    assert says in str(raised.value)


def test_a_label_is_of_one_column(repo):
    given = {"dataset": "tox.csv", "target_column": ["a"], "target_label": "toxicity"}
    with pytest.raises(UserError, match="target_label = 'toxicity': expected null with a list of target_column"):
        load(repo / "config.yaml", given)
    assert load(repo / "config.yaml", given | {"target_column": "a"}).target_label == "toxicity"


def test_one_column_is_asked_for_where_one_is_needed(repo):
    config = load(repo / "config.yaml", {"dataset": "tox.csv", "target_column": ["a", "b"]})
    with pytest.raises(
        UserError, match=r"target_column: a, b: expected one of them here, such as target_column='\[\"a\"\]'"
    ):
        config.dataset_name  # noqa: B018


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            ["-n", "--config", "dataset=x/tox.csv", "target_column=[a b,c]", "--", "results/tox/table2.csv"],
            ["-n", "--config", 'target_column=["a b"]', "dataset=x/tox.csv", "--", "results/tox-a-b/table2.csv"],
        ),
        (
            ["results/tox/figures/figure2.png", "results/runs/tox/dense/x", "--cores", "1"],
            ["results/tox-a-b/figures/figure2.png", "results/runs/tox-a-b/dense/x", "--cores", "1", "--config"]
            + ['target_column=["a b"]'],
        ),
        (["--", "results/tox2/table2.csv"], ["--config", 'target_column=["a b"]', "--", "results/tox2/table2.csv"]),
    ],
)
def test_the_same_command_for_one_column(given, expected):
    assert of_column(given, "x/tox.csv", "tox", "a b") == expected


def test_rows_without_a_target_are_left_out_and_told():
    rows = [RawRow(n, n + 2, "C" * (n + 1), text) for n, text in enumerate(["1", "", "0", "n/a"])]
    said = []
    molecules, findings = check(rows, "tox.csv", drop_missing=True, say=said.append)
    assert [m.row for m in molecules] == [0, 2] and [f.row for f in findings] == [1, 3]
    assert said == ["tox.csv: 2 of 4 rows have no target and are left out"]
    with pytest.raises(UserError, match="1 of 4 rows cannot be used .*: line 3: target 'x' is not a number"):
        check([rows[0], RawRow(1, 3, "CC", "x"), *rows[2:]], "tox.csv", drop_missing=True, say=said.append)
    with pytest.raises(UserError, match="none of 2 rows can be used; the first: line 3: no target"):
        check([rows[1], rows[3]], "tox.csv", drop_missing=True, say=said.append)


def test_which_depth_and_model_win_over_the_columns():
    """SCORE wins with both architectures in the first column, base with GCN in the second, where GAT is even."""
    level = {("a", "gcn"): (0.6, 0.5), ("a", "gat"): (0.7, 0.4), ("b", "gcn"): (0.3, 0.6), ("b", "gat"): (0.5, 0.5)}
    found = {}
    for column in ("a", "b"):
        runs = []
        for arch in ("gcn", "gat"):
            for config, value in zip(("base", "SCORE"), level[column, arch], strict=True):
                values = [value + 0.01 * fold for fold in range(5)]
                record = made_up.record(GraphSpec("esol", arch, config), best=values, last=values)
                runs.append(made_up.run(record, made_up.meta()))
        found[column] = runs, comparison(runs, "base", "last")
    assert over_columns(found, "last") == [
        "Over 2 target columns, lowest RMSE: SCORE in 2, base in 1, a tie in 1 of 4 pairs of column and architecture.",
        "Best model: SCORE_gat in 1, gcn in 1 of 2 columns.",
    ]
