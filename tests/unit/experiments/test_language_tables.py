"""Tables 10 to 12 and Figures 3 to 5 from run records; the catalogue and the estimate with language models in them."""

import csv
import json
from dataclasses import replace

import made_up_records as made_up
import pytest
from score_mlx.config.file import load as load_config
from score_mlx.config.presets import resolve
from score_mlx.experiments.challenge import drawing as challenge_figure
from score_mlx.experiments.challenge import table as challenge
from score_mlx.experiments.characters import table as characters
from score_mlx.experiments.losses import drawing as losses
from score_mlx.models.estimate import estimate
from score_mlx.models.families import read_run
from score_mlx.models.language.run import LanguageRun
from score_mlx.models.language.spec import ChallengeSpec, CharSpec, NanoGPTSpec
from score_mlx.report.items import read_items
from score_mlx.system.errors import UserError
from score_mlx.tables import catalogue
from score_mlx.tables.formats import escape_tex
from score_mlx.tables.language_runs import explain_losses
from score_mlx.tables.table import Grid

KINDS = {"figure3": 6, "figure3b": 3, "figure4": 15, "table10": 6, "table11": 3, "table12": 4, "figure5": 6}


def loaded(tmp_path, spec, **given):
    """A made-up run, through its files."""
    path = spec.path(tmp_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made_up.language(spec, **given)))
    path.with_name("run.meta.json").write_text(json.dumps(made_up.meta()))
    return read_run(path, LanguageRun)


def chars(tmp_path, config="SCORE_skip05", corpus="tinyshakespeare-char", values=(3.0, 1.5, 1.6), **options):
    return loaded(tmp_path, CharSpec(corpus, "chargpt", config, **options), corpus=corpus, values=values)


def timed(tmp_path, config="skip05", values=(3.0, 1.4, 1.3), corpus="climbmix-bpe8192", **options):
    return loaded(tmp_path, ChallengeSpec(corpus, "d4", config, **options), corpus=corpus, values=values)


def test_table_10_stands_beside_the_papers_rows(tmp_path, repo):
    runs = [
        chars(tmp_path, "base", optimizer="adamw", dropout=0.2),
        chars(tmp_path, "base", optimizer="muon"),
        chars(tmp_path, "mSCORE_skip05", blocks=2, steps=3),
        chars(tmp_path, iterations=500),
    ]
    paper = characters.read_paper(repo / "data" / "paper" / "table10.csv")
    assert paper == {"nanoGPT": 1.57, "mSCORE": 1.56, "SCORE": 1.56}
    rows = characters.characters_table(runs, paper)
    assert [row["paper_val_loss"] for row in rows] == [1.57, None, 1.56, 1.56]
    assert [row["difference"] for row in rows] == pytest.approx([1.5 - 1.57, None, 1.5 - 1.56, None])
    assert rows[3]["comparable"] == "iterations 500/3000"  # what was cut is not compared
    assert [(row["blocks"], row["steps"]) for row in rows] == [(6, 1), (6, 1), (2, 3), (1, 6)]
    assert (rows[0]["best_val_loss"], rows[0]["best_step"], rows[0]["last_val_loss"]) == (1.5, 250, 1.6)
    texts = characters.written(rows)
    made_up.write_all(
        tmp_path / "t.csv", characters.COLUMNS, characters.READABLE, rows, "Table 10", characters.caption(runs), texts
    )
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert next(csv.DictReader(stream))["sample"] == "To be, or "
    name = "mSCORE, 2 × 3, Muon, dropout 0.01, trained on 90 %"
    assert f"**{name}**\n\n```text\nTo be, or \n```\n" in (tmp_path / "t.md").read_text()
    assert f"\\paragraph{{{escape_tex(name)}}}\nTo be, or " in (tmp_path / "t.tex").read_text()
    assert Grid.read(tmp_path / "t.json").texts[2] == (name, "To be, or ")


def test_a_text_cannot_leave_its_place():
    text = "a ``` b\n\\end{table}\n\n````"
    grid = Grid("t", ["model"], [["x"]], (), (("n|<", text),))
    assert f"\n`````text\n{text}\n`````\n" in grid.markdown() and r"**n\|&lt;**" in grid.markdown()
    assert r"\textbackslash{}end\{table\}" in grid.latex().split("paragraph")[1]
    assert "texts" not in Grid("t", ["model"], [["x"]]).json()


def test_table_11_is_judged_for_the_first_ninety_percent_only(tmp_path, repo):
    runs = [chars(tmp_path, steps=12, optimizer="normuon", bigram=True, train_fraction=f) for f in (0.9, 0.1)]
    rows = characters.characters_table(runs, characters.read_paper(repo / "data" / "paper" / "table11.csv"))
    assert [row["paper_val_loss"] for row in rows] == [1.51, None]


def test_table_12_shows_repeats_in_one_row(tmp_path, repo):
    runs = [timed(tmp_path, feedforward="swiglu", settings="B", repeat=r, values=(3, 1.2 + r / 100)) for r in range(3)]
    runs.append(timed(tmp_path, "base", feedforward="gelu", bigram=False, settings="B"))
    paper = challenge.read_paper(repo / "data" / "paper" / "table12.csv")
    first, second = challenge.challenge_table(runs, paper)
    assert (first["runs"], first["val_bpb"], first["lowest"], first["highest"]) == (3, pytest.approx(1.21), 1.2, 1.22)
    assert (first["paper_val_bpb"], second["paper_val_bpb"]) == (1.2594, 1.2809)
    assert first["difference"] == pytest.approx(1.21 - 1.2594)
    assert first["bigram_parameters"] == 10_485_760 and second["bigram_parameters"] == 0


def test_another_text_is_not_compared_with_the_papers(tmp_path, repo):
    run = timed(tmp_path, feedforward="swiglu", settings="B", corpus="shakespeare-bpe8192")
    (row,) = challenge.challenge_table([run], challenge.read_paper(repo / "data" / "paper" / "table12.csv"))
    assert row["difference"] is None and row["comparable"] == "corpus shakespeare-bpe8192"
    assert "another text (climbmix)" in challenge.caption([run])[0]
    stand_in = chars(tmp_path, corpus="markov-char")
    assert characters.caption([stand_in])[0].startswith("Stand-in text")


def test_more_training_than_the_papers_is_no_reproduction_and_less_text_is(tmp_path):
    def why(**options):
        return chars(tmp_path, **options).incomparable()

    assert why(iterations=30_000) == "iterations 30000" and why(evaluate_every=500) == "evaluate_every 500"
    assert why(iterations=300) == "iterations 300/3000"
    assert not why() and not why(characters=20)


def test_runs_on_two_texts_do_not_stand_together(tmp_path):
    one, other = chars(tmp_path), chars(tmp_path, steps=3)
    other = replace(other, dataset=other.dataset.model_copy(update={"sha256": "d" * 64}))
    with pytest.raises(UserError, match="cannot be compared"):
        characters.characters_table([one, other], {})


def test_a_record_of_another_family_is_refused(tmp_path):
    spec = made_up.GraphSpec("esol", "gat", "SCORE")
    path = spec.path(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(made_up.record(spec)))
    path.with_name("run.meta.json").write_text(json.dumps(made_up.meta()))
    with pytest.raises(UserError, match="a record of graphs, expected one of a language model"):
        read_run(path, LanguageRun)


def test_losses_and_bits_are_drawn(tmp_path):
    runs = [
        loaded(tmp_path, NanoGPTSpec("shakespeare-gpt4o", "nanogptx", config, steps=k), values=(10, 5, 4.5, 4.8))
        for config in ("base", "SCORE", "SCORE_skip05")
        for k in (2, 3)
    ]
    bits = [timed(tmp_path, config, seconds=s) for config in ("base", "skip05") for s in (300, 360)]
    for name in ("a", "b"):
        losses.draw(runs, tmp_path / name / "figure4.png", title="Figure 4. Losses")
        challenge_figure.draw(bits, tmp_path / name / "figure5.png", title="Figure 5. Bits")
    for file in ("figure4.png", "figure4.pdf", "figure5.png", "figure5.pdf"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    said = (tmp_path / "a" / "figure4.md").read_text()
    assert "circle marks the lowest" in said and "With K = 2 both dt are 0.5" in said
    assert "cuts none" in (tmp_path / "a" / "figure5.md").read_text()


def test_repeats_are_a_line_with_thin_ones(tmp_path):
    """The mean of three seeds and each of them; the number of seeds stands in the caption."""
    curves = ((9, 3.0, 2.0), (9, 4.0, 2.5), (9, 5.0, 2.1))
    runs = [
        loaded(tmp_path, NanoGPTSpec("shakespeare-gpt4o", "nanogpt", "SCORE", repeat=n), values=values)
        for n, values in enumerate(curves)
    ]
    steps, mean, each = losses._over_repeats(runs, "val_loss")
    assert steps == [0, 250, 500]
    assert mean[1:] == [4.0, pytest.approx(2.2)]
    assert each == [list(values) for values in curves]
    one = loaded(tmp_path, NanoGPTSpec("shakespeare-gpt4o", "nanogpt", "base"))
    for drawn, said in (
        (runs, "the mean of 3 seeds, each of which is a thin line."),
        ([*runs, one], "each of which is a thin line. A line without thin ones is one seed."),
        ([one], "One seed a line."),
    ):
        losses.draw(drawn, tmp_path / "figure3.png", title="Figure 3")
        assert said in " ".join((tmp_path / "figure3.md").read_text().split())


def test_captions_say_over_which_text_a_loss_is_a_mean(tmp_path):
    sampled, whole = chars(tmp_path), chars(tmp_path, validation="whole", evaluation_batches=20)
    assert explain_losses([sampled]).startswith("Means over random batches")
    assert explain_losses([whole]).startswith("Validation losses over the whole validation text")
    assert " or validation losses over the whole" in explain_losses([whole, sampled])
    assert "over the whole validation text" in " ".join(characters.caption([whole]))


def test_a_loss_that_is_not_finite_leaves_a_gap(tmp_path):
    run = loaded(tmp_path, NanoGPTSpec("shakespeare-gpt4o", "nanogpt", "base"), values=(3.0, None, 2.5))
    assert run.curve("val_loss")[1][1] != run.curve("val_loss")[1][1]
    losses.draw([run], tmp_path / "figure3.png", title="Figure 3")
    assert "both dt" not in (tmp_path / "figure3.md").read_text()


def test_the_catalogue_holds_losses_and_bits(tmp_path):
    rows = catalogue.catalogue([chars(tmp_path), timed(tmp_path)])
    assert [(row["family"], row["dataset"], row["val_loss"], row["val_bpb"]) for row in rows] == [
        ("language", "tinyshakespeare-char", 1.5, None),
        ("language", "climbmix-bpe8192", None, 1.3),
    ]
    texts = [show(row) for row in rows for _, show in catalogue.READABLE]
    assert "1.300 bits a byte" in texts and "1.500" in texts


def test_costs_are_estimated_in_proportion(tmp_path):
    known = chars(tmp_path, iterations=500, batch_size=8)
    spec = CharSpec("tinyshakespeare-char", "chargpt", "SCORE_skip05", iterations=1000, batch_size=8)
    assert estimate([spec], set(), [known]).seconds == pytest.approx(2 * 61.2)
    challenge_spec = ChallengeSpec("climbmix-bpe8192", "d4", "base", seconds=600)
    assert estimate([challenge_spec], set(), [timed(tmp_path)]).seconds == pytest.approx(2 * 61.2)


@pytest.mark.parametrize("preset", ["paper", "laptop", "smoke"])
def test_presets_lower_training_never_the_model(preset, repo):
    config = resolve(load_config(repo / "config.yaml", {"preset": preset}))
    paper = resolve(load_config(repo / "config.yaml", {"preset": "paper"}))
    for name, count in KINDS.items():
        specs = config.specs(name)
        one_each = [spec for spec in specs if spec.repeat == 0]
        assert len(one_each) == (3 if name == "figure5" and preset == "smoke" else count)
        assert all(bool(spec.cuts()) == (preset != "paper") for spec in specs)
        assert preset != "paper" or not any(spec.departures() for spec in specs)
        same = ("arch", "config", "steps", "blocks", "width", "heads")
        models = {tuple(getattr(spec, key) for key in same) for spec in specs}
        assert models == {tuple(getattr(spec, key) for key in same) for spec in paper.specs(name)}
    assert [sum(spec.repeat == n for spec in paper.specs("figure3")) for n in range(4)] == [6, 3, 3, 0]  # width 64
    assert len(paper.specs("figure3b")) == 9 and len(config.specs("figure3b")) == (9 if preset == "paper" else 3)
    assert len(paper.specs("table12")) == 3 * len(
        resolve(load_config(repo / "config.yaml", {"preset": "laptop"})).specs("table12")
    )


def test_the_stand_in_text_goes_with_the_stand_in_molecules(repo):
    config = load_config(repo / "config.yaml", {"dataset": "nci"})
    assert {spec.dataset for name in KINDS for spec in config.specs(name)} == {"markov-char"}
    own = load_config(repo / "config.yaml", {"dataset": "my.csv"})
    assert not set(KINDS) & set(own.applicable) and "table2" in own.applicable


def test_a_table_named_after_its_figure_stands_in_another_folder(repo):
    """Both have an .md and a .json."""
    tables, figures = repo / "results" / "reference", repo / "paper_figures" / "reference"
    assert (figures / "figure5.md").read_text().startswith("**Figure 5.")
    items = read_items(load_config(repo / "config.yaml"), tables, figures, [], [])
    (found,) = [each for each in items if each.name == "figure5"]
    assert len(found.grid.rows) == 6 and not found.more
