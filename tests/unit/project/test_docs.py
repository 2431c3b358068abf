"""The documentation: no link leads nowhere, the reference is complete, and code on its pages is code that runs."""

import json
import re
import sys
from pathlib import Path

import pytest
import typer
import yaml
from score_mlx import cli
from score_mlx.data.splits import SPLITS

REPO = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPO / "docs"))
import config_reference  # noqa: E402
import make_site  # noqa: E402
import reference  # noqa: E402


def test_the_site_has_a_page_for_each_entry_of_its_navigation(tmp_path):
    make_site.main(tmp_path)
    listed = re.findall(r"^ +- (\S+\.md)$", (REPO / "mkdocs.yml").read_text(), re.MULTILINE)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    assert set(listed) == {page for page in made if not page.startswith("repository/")}
    assert len(listed) == len(set(listed))


def test_links_lead_to_the_site_or_take_the_file_along(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "data.csv").write_text("a\n")
    (tmp_path / "config.yaml").touch()
    (tmp_path / "README.md").write_text("[a](docs/a.md#b) [c](data.csv) [d](config.yaml) [e](https://x.org)\n")
    (tmp_path / "docs" / "a.md").write_text("# a\n\n```\n[g](nowhere.md)\n```\n\n[h](../README.md)\n")
    monkeypatch.setattr(make_site, "REPO", tmp_path)
    site = make_site.Site(tmp_path / "site")
    site.take("README.md")
    assert (tmp_path / "site/index.md").read_text() == (
        "[a](a.md#b) [c](repository/data.csv) [d](reference/config.md) [e](https://x.org)\n"
    )
    assert (tmp_path / "site/a.md").read_text() == "# a\n\n```\n[g](nowhere.md)\n```\n\n[h](index.md)\n"
    assert (tmp_path / "site/repository/data.csv").read_text() == "a\n"


def test_a_link_to_nothing_stops_the_build(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("[a](docs/none.md)\n")
    monkeypatch.setattr(make_site, "REPO", tmp_path)
    with pytest.raises(SystemExit, match=r"README.md: links to docs/none.md: expected a file of the repository"):
        make_site.Site(tmp_path / "site").take("README.md")


def test_the_command_line_page_has_every_command_and_option():
    page = reference.command_line()
    command = typer.main.get_command(cli.app)
    for name, each in command.commands.items():
        assert f"## `score-mlx {name}`" in page
        for parameter in each.params:
            assert getattr(parameter, "hidden", False) or max(parameter.opts, key=len) in page, (name, parameter.opts)


def test_the_configuration_page_has_every_key_with_its_default_limits_and_reason():
    page = config_reference.page(REPO / "config.yaml")
    config = yaml.safe_load((REPO / "config.yaml").read_text())
    assert [key for key in config if f"### {key}\n" not in page] == []
    assert "| `graphs.hidden` | `128` | integer ≥ 1 and ≤ 65536 | width of an atom's state |" in page
    assert f"Default `null`; allowed: {', '.join(SPLITS)}" in page
    assert "scaffold    molecules with one Bemis-Murcko scaffold stay together" in page
    assert "???" in page  # long mappings can be unfolded


def test_notes_belong_to_their_own_key_where_several_have_one_name():
    page = config_reference.page(REPO / "config.yaml")
    assert re.search(r"\| `language.nanogpt.evaluation_batches` .* of the training and of the validation text \|", page)
    assert re.search(r"\| `language.chargpt.evaluation_batches` .* of the training text, whose loss is shown", page)
    assert re.search(r"\| `language.chargpt.batch_size` .*\|  \|", page)


def test_every_point_of_the_ledger_is_on_its_page():
    ledger = yaml.safe_load((REPO / "data/paper/ledger.yaml").read_text())
    page = reference.open_points(ledger)
    assert [entry["id"] for entry in ledger if f"### {entry['id']}\n" not in page] == []
    assert set(reference.LEDGER_KINDS) == {entry["kind"] for entry in ledger}


def test_the_api_pages_find_their_modules_wherever_they_lie():
    package = Path(cli.__file__).resolve().parents[1]
    for name, title in reference.API.items():
        modules = re.findall(r"^::: (score_mlx\S+)$", reference.api(package, name, title), re.MULTILINE)
        assert modules and name in modules[0].split(".")
        assert all((package.parent / m.replace(".", "/")).with_suffix(".py").is_file() or
                   (package.parent / m.replace(".", "/") / "__init__.py").is_file() for m in modules)  # fmt: skip


@pytest.mark.parametrize("plugin", ["sage.py", "ralston.py"])
def test_plugins_on_the_page_are_those_that_tests_train_with(plugin):
    page = (REPO / "docs" / "own-architecture.md").read_text()
    code = (REPO / "tests" / "plugins" / plugin).read_text()
    assert f"```python\n{code}```" in page


def test_the_readme_is_a_short_front():
    lines = (REPO / "README.md").read_text().splitlines()
    first = [line for line in lines if line.startswith("## ")]
    assert first == ["## What we found", "## Quick start", "## Documentation"]
    assert sum(line.startswith("![") for line in lines) == 1 and len(lines) < 90


def test_the_notebook_is_committed_without_outputs():
    """So that a change of it can be read, and so that it shows no number of another version; CI executes it."""
    cells = json.loads((REPO / "notebooks/score_in_five_minutes.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
