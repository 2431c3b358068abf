"""README and docs say what the committed tables say."""

from pathlib import Path

import pytest
from score_mlx.report.readme import splice
from score_mlx.system.errors import UserError

REPO = Path(__file__).parents[3]


PAGES = {
    "conclusions": "README.md",
    "verdict_summary": "docs/results.md",
    "table1": "docs/results.md",
    "table2": "docs/results.md",
    "table7a": "docs/results.md",
    "factorial_summary": "docs/beyond.md",
    "generality_summary": "docs/beyond.md",
    "native_head": "docs/beyond.md",
    "bench_epochs": "docs/performance.md",
    "bench_goals": "docs/performance.md",
    "bench_language": "docs/performance.md",
    "bench_processors": "docs/performance.md",
}


@pytest.mark.parametrize("table", PAGES)
def test_pages_agree_with_the_committed_tables(table, monkeypatch):
    monkeypatch.chdir(REPO)
    readme = Path(PAGES[table])
    assert splice(readme, Path(f"results/reference/{table}.md")) == readme.read_text(encoding="utf-8")


def test_a_readme_without_markers(tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(UserError, match="found no lines"):
        splice(tmp_path / "README.md", tmp_path / "table1.md")
