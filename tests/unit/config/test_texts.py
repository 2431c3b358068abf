"""Names and paths of config.yaml and of the command line, as somebody wrote them."""

import pytest
from score_mlx.config import texts
from score_mlx.config.file import load

pytestmark = pytest.mark.badinput


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("target_column=400", "400"),
        ("target_column=0.0010", "0.0010"),
        ("target_column=NO", "NO"),
        ("target_column=logS: exp", "logS: exp"),
        ("target_column=a #1", "a #1"),
        ("target_column='400'", "400"),
        ("target_column=a=b", "a=b"),
        ("name_column=null", None),
        ("target_unit=", ""),
    ],
)
def test_an_argument_is_text(argument, value):
    assert texts.of_arguments(["seed=3", argument]) == {argument.partition("=")[0]: value}


def test_arguments_stand_over_files_and_these_over_each_other(tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("target_column: 400\nname_column: on\nfold_column: null\nseed: 007\n")
    second.write_text("name_column: '0.0010' # quoted\n")
    given = texts.given({"seed": 7, "target_column": 400}, [first, second], ["target_unit=NO"])
    assert given == {"seed": 7, "target_column": "400", "name_column": "0.0010", "target_unit": "NO"}


def test_config_yaml_itself(tmp_path):
    (tmp_path / "config.yaml").write_text("dataset: 400.csv\ntarget_column: 400\nsmiles_column: NO\nname_column: ~\n")
    config = load(tmp_path / "config.yaml")
    assert (config.target_column, config.smiles_column, config.name_column) == ("400", "NO", None)


EXPERIMENTS = """
experiments:
  table2: &models {kind: models, title: 2024, readout: molattfp, head: mlp, archs: [gcn], configs: [base]}
  table3: {<<: *models, readout: sum}
  table4: {<<: *models, title: NO}
data_folders: [2024, on]
"""


def test_titles_and_folders_are_text_wherever_they_stand(tmp_path):
    (tmp_path / "config.yaml").write_text(EXPERIMENTS)
    config = load(tmp_path / "config.yaml")
    assert [experiment.title for experiment in config.experiments.values()] == ["2024", "2024", "NO"]
    assert config.data_folders == ["2024", "on"]


@pytest.mark.parametrize("written", ["2024", "NO", "1e3", "0x10", "12:30:45", "2024-01-01", "'null'"])
def test_a_title_of_the_command_line_or_of_a_configfile_is_text(written, tmp_path):
    wanted = written.strip("'")
    (tmp_path / "a.yaml").write_text(f"experiments: {{table2: {{title: {written}, top: 3}}}}\n")
    typed = {"experiments": {"table2": {"title": 1, "top": 3}}}
    expected = {"experiments": {"table2": {"title": wanted, "top": 3}}}
    assert texts.given(typed, [tmp_path / "a.yaml"], None) == expected
    assert texts.given(typed, [], [f"experiments={{table2: {{title: {written}}}}}"]) == expected
