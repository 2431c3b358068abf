"""README says what the committed table says."""

from pathlib import Path

import pytest
from score_mlx.errors import UserError
from score_mlx.readme import splice

REPO = Path(__file__).parents[2]


@pytest.mark.parametrize("table", ["table1", "table2"])
def test_readme_agrees_with_the_committed_table(table, monkeypatch):
    monkeypatch.chdir(REPO)
    readme = Path("README.md")
    assert splice(readme, Path(f"results/reference/{table}.md")) == readme.read_text(encoding="utf-8")


def test_a_readme_without_markers(tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(UserError, match="found no lines"):
        splice(tmp_path / "README.md", tmp_path / "table1.md")
