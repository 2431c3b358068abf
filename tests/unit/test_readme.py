"""README says what the committed table says."""

from pathlib import Path

import pytest
from score_mlx.errors import UserError
from score_mlx.readme import results_block, splice

REPO = Path(__file__).parents[2]


def test_readme_agrees_with_the_committed_table(monkeypatch):
    monkeypatch.chdir(REPO)
    readme = Path("README.md")
    assert splice(readme, results_block(Path("results/reference/table2.md"))) == readme.read_text(encoding="utf-8")


def test_a_readme_without_markers(tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(UserError, match="found no lines"):
        splice(tmp_path / "README.md", "block")
