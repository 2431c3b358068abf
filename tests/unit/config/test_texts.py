"""Names and paths of config.yaml and of the command line, as somebody wrote them."""

import pytest
from score_mlx.config import texts
from score_mlx.config.file import load


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
