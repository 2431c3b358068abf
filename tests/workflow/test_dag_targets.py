"""What targets ask for, and what Snakemake says of them: the DAG of the real Snakefile and config.yaml."""

import os
import re

import pytest
from dag import ROOT, snakemake
from score_mlx.config.file import load
from score_mlx.config.presets import resolve
from score_mlx.config.targets import target_specs


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("graphs={epoch: 3}", "error: --config: unknown key 'graphs.epoch'; did you mean 'graphs.epochs'?"),
        (
            "dataset=esll",
            "error: --config: dataset = 'esll': expected esol, freesolv, lipo, nci or the path of a file, .csv, "
            ".tsv, .smi, .sdf or .parquet, also with .gz; "
            "did you mean 'esol'?",
        ),
    ],
)
def test_a_wrong_setting_is_one_line(finished, setting, line):
    said = snakemake(finished, "-n", "--config", setting, check=False)
    assert [text for text in said.splitlines() if "profile" not in text] == [line]


def test_dry_run_of_everything_takes_less_than_five_seconds(tmp_path):
    before = os.times()
    said = snakemake(ROOT, "-n", "--directory", tmp_path / "x", "--config", "dataset=esol", "preset=paper")
    after = os.times()  # of the processor, so that what else runs on the machine does not count
    assert after.children_user + after.children_system - before.children_user - before.children_system < 5
    config = load(ROOT / "config.yaml", {"preset": "paper"})
    graphs = {spec for table in config.experiments for spec in config.specs(table) if spec.FAMILY == "graphs"}
    assert re.search(rf"^train_graph +{len(graphs)}$", said, re.MULTILINE)
    assert len(graphs) > 40  # models that several tables list are trained once
    assert len(graphs) < sum(spec.FAMILY == "graphs" for table in config.experiments for spec in config.specs(table))
    assert not (tmp_path / "x" / "results").exists()  # a dry-run writes nothing


def test_table_7_is_its_two_parts(tmp_path):
    config = load(ROOT / "config.yaml", {"preset": "paper"})
    paper = ("--directory", tmp_path / "x", "--config", "dataset=esol", "preset=paper")
    said = snakemake(ROOT, "-n", "results/table7.csv", *paper)
    assert re.search(r"^table +2$", said, re.MULTILINE) and re.search(r"^whole_table +1$", said, re.MULTILINE)
    trained = len({*config.specs("table7a"), *config.specs("table7b")})
    assert re.search(rf"^train_graph +{trained}$", said, re.MULTILINE)


def test_the_verdict_asks_for_all_records_and_robustness_for_its_own(tmp_path):
    config = load(ROOT / "config.yaml", {"preset": "paper"})
    paper = ("--directory", tmp_path / "x", "--config", "dataset=esol", "preset=paper")
    wanted = {spec for table in config.experiments for spec in config.specs(table)}
    varied = {spec for table in ("table1", "table2", "table7a") for spec in config.specs(table)}
    for target, specs in (("verdict", wanted), ("robustness", varied | set(config.robustness_specs()))):
        said = snakemake(ROOT, "-n", f"results/{target}.csv", *paper)
        trained = sum(spec.FAMILY == "graphs" for spec in specs)
        assert re.search(rf"^train_graph +{trained}$", said, re.MULTILINE), target
        assert re.search(rf"^{target} +1$", said, re.MULTILINE) and not re.search(r"^table +", said, re.MULTILINE)


@pytest.mark.parametrize(("dataset", "split"), [("esol", "kfold"), ("nci", "grouped"), ("my.csv", "scaffold")])
def test_estimates_count_the_runs_that_snakemake_would_make(dataset, split, tmp_path):
    (tmp_path / "my.csv").write_text("smiles,target\nCC,1\n")
    dataset = str(tmp_path / dataset) if dataset == "my.csv" else dataset
    given = {"preset": "paper", "dataset": dataset, "split": split}
    chosen = [f"{key}={value}" for key, value in given.items()]
    said = snakemake(ROOT, "-n", "--directory", tmp_path, "--config", *chosen, "--", "all")
    planned = set(re.findall(r"^    output: results/runs/(\S+/run\.json),", said, re.MULTILINE))
    wanted = target_specs(resolve(load(ROOT / "config.yaml", given)), "all")
    assert planned == {spec.path("").as_posix() for spec in wanted} and len(planned) > 100


def test_the_verdict_judges_what_a_folder_of_records_has(tmp_path):
    folder = str(ROOT / "results" / "reference" / "runs")
    said = snakemake(ROOT, "-n", "results/verdict.csv", "--directory", tmp_path / "x", "--config", f"records={folder}")
    assert re.search(r"^verdict +1$", said, re.MULTILINE) and "train_graph" not in said


def test_snakemake_s_own_report_has_captions_and_needs_no_network(finished):
    snakemake(finished, "--report", "report.html")
    said = (finished / "report.html").read_text(encoding="utf-8")
    assert "http" not in "".join(re.findall(r"<(?:script|link|img)[^>]*>", said))
    for category in ("Tables", "Figures", "Runs"):
        assert f'"{category}"' in said
    for words in ("Made from 4 run records", "blended into the state", "published values"):
        assert words in said
    for name in ("table2.csv", "figure2.png", "shap_top100.csv", "runs.csv"):
        assert name in said


def test_lint_finds_nothing():
    assert "Congratulations" in snakemake(ROOT, "--lint")


def test_experiments_beyond_the_paper_ask_for_their_own_runs(tmp_path):
    config = load(ROOT / "config.yaml", {"preset": "paper"})
    paper = ("--directory", tmp_path / "x", "--config", "dataset=esol", "preset=paper")
    for name, rule in (("factorial", "factorial"), ("native_head", "beyond_table")):
        said = snakemake(ROOT, "-n", f"results/{name}.csv", *paper)
        assert re.search(rf"^train_graph +{len(config.beyond_specs(name))}$", said, re.MULTILINE), name
        assert re.search(rf"^{rule} +1$", said, re.MULTILINE)
    said = snakemake(ROOT, "-n", "results/generality.csv", *paper)
    assert re.search(r"^prepare_data +3$", said, re.MULTILINE)  # ESOL, FreeSolv, Lipophilicity
    assert re.search(r"^folds +4$", said, re.MULTILINE)


def test_tables_beyond_the_paper_are_drawn_from_what_a_folder_has(tmp_path):
    folder = str(ROOT / "results" / "reference" / "runs")
    said = snakemake(ROOT, "-n", "beyond", "--directory", tmp_path / "x", "--config", f"records={folder}")
    assert re.search(r"^factorial +\d$", said, re.MULTILINE) and "train_graph" not in said
