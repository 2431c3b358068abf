"""Numbers of any size are shown with digits that say something."""

import csv

import made_up_records as made_up
import pytest
from score_mlx.system.digits import digits
from score_mlx.tables import formats

pytestmark = pytest.mark.badinput


@pytest.mark.parametrize(
    ("value", "scale", "shown"),
    [
        (0.5624, None, "0.562"),
        (12.3456, None, "12.346"),
        (0.0123, None, "0.012"),
        (0.00512, None, "0.00512"),
        (1.234e-5, None, "1.23e-05"),
        (4.2e-7, 1.234e-5, "4.2e-07"),
        (0.004, 0.562, "0.004"),
        (1.2345e9, None, "1.23e+09"),
        (0.0, None, "0.000"),
        (float("nan"), None, "nan"),
    ],
)
def test_digits(value, scale, shown):
    assert digits(value, scale) == shown


def test_means_and_differences():
    assert formats.mean_and_std(0.562, 0.0333) == "0.562 ± 0.033"
    assert formats.mean_and_std(1.234e-5, 4.2e-7) == "1.23e-05 ± 4.2e-07"
    assert formats.mean_and_std(1.5e9, 2e8) == "1.5e+09 ± 2e+08"
    assert formats.mean_and_std(0.562, None) == "0.562"
    assert formats.change(-0.0004) == "-0.000"  # of errors of size 1
    assert formats.change(-4.2e-7, 1.2e-5) == "-4.2e-07"


def test_a_csv_keeps_what_is_small(tmp_path):
    rows = [{"rmse_mean": 1.2345678e-5, "rmse_std": 0.5624321, "p": 0.0}]
    made_up.write_all(tmp_path / "t.csv", list(rows[0]), [("model", lambda row: "m")], rows, "T", [])
    with (tmp_path / "t.csv").open() as file:
        assert list(csv.DictReader(file)) == [{"rmse_mean": "1.235e-05", "rmse_std": "0.5624", "p": "0.0000"}]
