"""Badges say what logs say, and nothing of a step that has none."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / ".ci"))
import badges  # noqa: E402


def test_a_badge_for_each_log(tmp_path):
    (tmp_path / "test.log").write_text("3 passed in 0.1s\n===== 2 failed, 900 passed, 3 skipped in 400.12s =====\n")
    (tmp_path / "lint.step").write_text("passed 31\n")
    (tmp_path / "docs.step").write_text("failed 12\n")
    (tmp_path / "audit.log").write_text("audit: 100 packages of x.lock, 0 known vulnerabilities, 0 not looked up\n")
    found = badges.badges(tmp_path)
    assert found.pop("python")[1]
    assert found == {
        "tests": ("2 failed of 902", False),
        "lint": ("passed", True),
        "docs": ("failed", False),
        "known vulnerabilities": ("0", True),
    }


def test_no_log_no_badge_and_no_audit_no_claim(tmp_path):
    (tmp_path / "audit.log").write_text("audit: NOT DONE, nothing was checked: no network\n")
    assert set(badges.badges(tmp_path)) == {"python"}


def test_a_badge_is_a_picture_with_a_title(tmp_path):
    (tmp_path / "test.log").write_text("=== 12 passed in 3.00s ===\n")
    badges.main(tmp_path, tmp_path / "out")
    tree = ElementTree.parse(tmp_path / "out" / "tests.svg")
    assert tree.getroot()[0].text == "tests: 12 passed"


def test_readme_links_to_each_badge_once_the_repository_has_a_name(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text((ROOT / "README.md").read_text())
    for repository in ("Someone/score-mlx", "other/fork"):  # the second replaces the first
        badges.link(repository, readme)
        text = readme.read_text()
        begin, end = (text.index(mark) for mark in badges.MARKS)
        owner, name = repository.split("/")
        linked = re.findall(r"\[!\[([\w ]+)\]\((https://\S+)\)\]\((https://\S+)\)", text[begin:end])
        assert [label for label, _, _ in linked] == [*badges.LABELS, "ci"]
        pictures = {picture for label, picture, _ in linked if label != "ci"}
        assert pictures == {
            f"https://{owner.lower()}.github.io/{name}/badges/{badges.file_name(x)}" for x in badges.LABELS
        }
        assert {target for *_, target in linked} == {f"https://github.com/{repository}/actions/workflows/ci.yml"}
    before = (ROOT / "README.md").read_text()
    assert text.replace(text[begin:end], "") == before.replace(
        before[before.index(badges.MARKS[0]) : before.index(badges.MARKS[1])], ""
    )
    with pytest.raises(SystemExit, match="expected OWNER/REPOSITORY"):
        badges.link("nobody", readme)
