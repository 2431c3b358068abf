"""The page of all results: what it says of what is there and of what is not; no text of it is taken for HTML."""

import io
import json
import shutil
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import made_up_page as made_up
import made_up_records as records
import pytest
from PIL import Image
from score_mlx.config.file import load
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.models.language.spec import CharSpec
from score_mlx.report import costs, judged, page, provenance
from score_mlx.report.items import in_order
from score_mlx.report.picture import embed
from score_mlx.system.errors import UserError
from score_mlx.system.files import write_text
from score_mlx.tables.table import Grid, Table
from score_mlx.verdict import rules
from score_mlx.verdict.finding import CLAIM_VERDICTS

VOID = {"meta", "link", "img"}


class Elements(HTMLParser):
    """Every element of a page with its attributes and its text; fails where a tag is not closed in its turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.all = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        assert len(dict(attributes)) == len(attributes), tag
        self.all.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def of(self, *tags):
        return [element for element in self.all if element["tag"] in tags]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of results, to be read only."""
    folder = tmp_path_factory.mktemp("results")
    made_up.write(folder)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    """The same, to be spoiled."""
    return Path(shutil.copytree(written, tmp_path / "results"))


def build(folder):
    return page.render(page.gather(made_up.config(), made_up.places(folder)))


@pytest.fixture(scope="module")
def full(written):
    return Elements(build(written))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return Elements(build(tmp_path_factory.mktemp("nothing")))


def words(element):
    return " ".join(element["text"].split())


def test_no_text_is_taken_for_html(full):
    tags = {element["tag"] for element in full.all}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base", "style-src"}
    assert not [name for element in full.all for name in element if name.startswith("on")]
    said = words(full.of("html")[0])
    places = ("or not", "claim_0", "named", "because", "What it shows", "not reproduced")
    assert said.count('<script>alert("x")</script>') > len(places) and "{{ 7 * 191 }}" in said
    assert "1337" not in said


def test_it_needs_nothing_but_itself(full):
    for element in full.all:
        assert element.get("src", "data:").startswith("data:"), element
        assert element.get("href", "#").startswith(("#", "data:")), element
    (style,) = full.of("style")
    assert "url(" not in style["text"] and "@import" not in style["text"]
    policy = next(e for e in full.of("meta") if e.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'")


@pytest.mark.parametrize("which", ["full", "empty"])
def test_headings_anchors_images_and_tables_can_be_followed(which, request):
    elements = request.getfixturevalue(which)
    levels = [int(element["tag"][1]) for element in elements.of("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = [element["id"] for element in elements.all if "id" in element]
    assert len(ids) == len(set(ids))
    for element in elements.of("a"):
        assert element["href"][1:] in ids
    for element in elements.all:
        assert element.get("aria-labelledby", ids[0]) in ids
    assert all(len(element["alt"]) > 10 for element in elements.of("img"))
    assert all(element.get("scope") in ("col", "row") for element in elements.of("th"))
    assert len(elements.of("table")) == len(elements.of("caption"))


def test_the_paper_s_order_is_that_of_its_figures(repo):
    names = in_order(load(repo / "config.yaml"))
    first = ["table1", "table2", "table3", "table4", "table5", "figure9", "figure10", "table6", "table7a", "table7b"]
    assert [name for name in names if name in first] == first
    assert names.index("table9") < names.index("learnable_dt")
    assert in_order(made_up.config()) == ["table2", "table3", "figure9", "learnable_dt"]


def test_what_was_not_made_is_named_with_its_command(written, full, empty):
    said = words(full.of("html")[0])
    for why, command in (
        (", and Figure 6 is not drawn", "results/table3.csv paper_figures/figure6.png"),
        ("", "paper_figures/figure9.png"),
    ):
        assert f"Not run. 0 of 1 runs are done{why}. All of it is made by: snakemake {command}" in said
    assert "1 of 2 runs, 1 timed alone: 1.1 h" in said
    nothing = words(empty.of("html")[0])
    assert nothing.count("Not judged yet.") >= 2 and "make verdict" in nothing
    assert nothing.count("Not run. 0 of") == 4
    content = page.gather(made_up.config(), made_up.places(written))
    assert [line.split(":")[0] for line in page.missing(content)] == ["Table 3", "Figure 9", "Learnable dt"]


def test_the_summary_counts_what_the_files_hold(full):
    counts = [words(element) for element in full.of("li") if element.get("class") in ("good", "bad", "open", "none")]
    expected = ["1 ✓ reproduced", "1 ✗ not reproduced", "1 ? inconclusive", "1 ≠ not comparable", "2 – not run"]
    expected += ["1 ✓ confirmed", "1 ◐ partly", "1 ? undecided", "1 ✗ refuted", "1 ≠ not testable here", "1 – not run"]
    assert counts == expected


def test_every_verdict_has_a_word_and_a_sign_of_its_own():
    for group in (page.OF_CELLS, CLAIM_VERDICTS):
        signs = [judged.Verdict(word).sign for word in group]
        assert "·" not in signs and len(signs) == len(set(signs))
    assert set(page.OF_CELLS) == set(rules.CELL_VERDICTS) - {rules.SHOWN}


@pytest.mark.parametrize(
    ("text", "signed", "shown"),
    [
        ("0.52994", False, "0.530"),
        ("-0.0031", True, "-0.003"),
        ("10687553", False, "10,687,553"),
        ("4", False, "4"),
        ("", True, ""),
        ("diverged", False, "diverged"),
    ],
)
def test_numbers_as_people_read_them(text, signed, shown):
    assert judged.shown(text, signed=signed) == shown


def test_a_table_is_read_back_as_it_was_written(tmp_path):
    cells = ["a|b", "<b>", r"1 \| 2", "0.5 ± 0.1", "", "-3 %"]
    readable = (("model", lambda row: row["a"]), ("b|<", lambda row: row["a"]))
    Table("T <1>", ("a",), [{"a": cell} for cell in cells], ["said | so"], readable).write(tmp_path / "t.csv")
    grid = Grid.read(tmp_path / "t.json")
    assert (grid.title, grid.notes, grid.heads) == ("T <1>", ("said | so",), ["model", "b|<"])
    assert grid.rows == [[cell, cell] for cell in cells]


def test_columns_of_numbers_stand_to_the_right_and_words_name_rows():
    grid = Grid("", ["rank", "model", "RMSE"], [["1*", "gcn", "0.530 ± 0.020"], ["2", "3d", "diverged"]])
    assert grid.numeric == [True, False, True] and grid.named_by == 1
    assert Grid("", ["a"], []).numeric == [False]


def test_a_picture_is_made_small_and_loses_no_line(tmp_path):
    drawn = Image.new("RGBA", (2880, 100), (0, 0, 0, 0))
    drawn.paste((200, 30, 30, 255), (0, 40, 2880, 60))
    drawn.save(tmp_path / "a.png")
    picture = embed(tmp_path / "a.png")
    assert (picture.width, picture.height) == (1440, 50)
    shown = Image.open(io.BytesIO(b64decode(picture.uri.split(",")[1]))).convert("RGB")
    assert shown.getpixel((700, 25)) == (200, 30, 30) and shown.getpixel((700, 2)) == (255, 255, 255)
    assert embed(tmp_path / "a.png") == picture


def test_a_text_is_named_as_a_data_set_is(tmp_path, repo):
    """Records of language models say other things of what they learnt from than records of graph networks."""
    graph, letters = GraphSpec("esol", "gat", "SCORE"), CharSpec("tinyshakespeare-char", "chargpt", "SCORE_skip05")
    made = ((graph, records.record(graph)), (letters, records.language(letters, corpus=letters.dataset)))
    for spec, content in made:
        write_text(spec.path(tmp_path), json.dumps(content))
        write_text(spec.path(tmp_path).with_name("run.meta.json"), json.dumps(records.meta()))
    runs = {spec.path("").as_posix(): {**dict.fromkeys(costs.COLUMNS, ""), "dataset": spec.dataset} for spec, _ in made}
    grids = {grid.title: grid for grid in provenance.read_provenance(repo, tmp_path, tmp_path, runs).grids}
    sizes = [row[1] for row in grids["Data sets and texts"].rows]
    assert sizes[0] == "1,128 molecules" and sizes[1].endswith(" tokens")


def spoil(name, text):
    def change(folder):
        (folder / name).write_text(text, encoding="utf-8")

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (spoil("tables/verdict.csv", "target,row\n"), "verdict.csv: column column is missing, found target, row"),
        (spoil("tables/claims.csv", "<html>"), "claims.csv: column id is missing, found <html>"),
        (spoil("tables/runs.csv", ""), "runs.csv: column family is missing, found none"),
        (
            spoil("data/esol/qc.csv", "row,reason,done\n1,2,3,4\n"),
            "qc.csv: line 2 has more cells than the 3 of the head",
        ),
        (spoil("tables/table2.json", "{}"), "table2.json: not a table (KeyError('title'))"),
        (
            spoil("tables/table2.json", '{"title": "", "notes": [], "heads": ["a", "b"], "rows": [["1"]]}'),
            "table2.json: row 1 has 1 cells, expected 2",
        ),
        (spoil("tables/figure2.png", "GIF89a"), "figure2.png: not a PNG picture"),
        (spoil("tables/machine.json", "{"), "machine.json: not JSON"),
    ],
)
def test_a_broken_file_is_one_line_and_the_old_page_stays(folder, change, says):
    change(folder)
    (folder / "report.html").write_text("old")
    with pytest.raises(UserError) as raised:
        page.write_page(folder / "report.html", made_up.config(), made_up.places(folder))
    assert says in str(raised.value)
    assert (folder / "report.html").read_text() == "old"


def test_the_same_files_give_the_same_page(written, full):
    assert Elements(build(written)).all == full.all
