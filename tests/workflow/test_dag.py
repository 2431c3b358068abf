"""What runs again, and what does not: the DAG of the real Snakefile over a stub that computes nothing."""

import os
import re
import shutil
import subprocess
import time

import pytest
import yaml
from dag import CLASSICAL, FIGURES, MODELS, SNAKEMAKE, TABLES, edit, models, planned, snakemake
from score_mlx.config.file import load


def test_without_a_flag_everything_is_made_once(finished):
    calls = (finished / "calls.log").read_text().splitlines()
    # data and features, graph networks, others on two kinds of folds, tables, figures
    assert len(calls) == len(set(calls)) == 8 + 5 + 2 * 3 + 6 + 4
    tables = [f"{name}.{suffix}" for name in TABLES for suffix in ("csv", "md", "tex")]
    figures = [f"figures/{name}.{suffix}" for name in FIGURES for suffix in ("png", "pdf")]
    for name in tables + figures:
        assert (finished / "results" / "my" / name).exists(), name
    assert yaml.safe_load((finished / "results" / "my" / "config.resolved.yaml").read_text())["preset"] != "auto"


def test_touching_files_and_editing_comments_train_nothing(project):
    later = time.time() + 100
    for path in [project / "my.csv", *project.glob("results/*/my/**/*"), *project.glob("workflow/**/*.py")]:
        os.utime(path, (later, later))
    edit(
        project / "workflow" / "rules" / "train.smk", "        threads: 1 ", "        # a comment\n        threads: 1 "
    )
    (project / "workflow" / "score_mlx" / "depth.py").write_text("# another program, the same science\n")
    edit(project / "workflow" / "score_mlx" / "runs" / "science.py", "SCIENCE = {", "# a comment\nSCIENCE = {")
    assert planned(project) == {}


@pytest.mark.parametrize(
    ("family", "rules"),
    [
        ("graphs", {"train_graph", "table", "figure", "runs"}),
        ("features", {"graph_features", "train_graph", "table", "figure", "runs"}),
        ("descriptors", {"descriptors", "train_graph", "shap_values", "train_dense"} | CLASSICAL),
        ("classical", CLASSICAL - {"shap_table"}),
        ("dense", {"train_dense", "table", "sensitivity", "figure", "runs"}),
        ("shap", {"shap_values"} | CLASSICAL),
    ],
)
def test_a_science_number_computes_what_depends_on_it(project, family, rules):
    edit(project / "workflow" / "score_mlx" / "runs" / "science.py", f'"{family}": 1', f'"{family}": 2')
    plan = planned(project)
    assert set(plan) == rules
    reads = {"graphs": MODELS, "features": MODELS, "descriptors": {"gcn/SCORE"}}
    assert models(plan) == reads.get(family, set())
    if family == "descriptors":
        assert all("sum" in output for output in plan["train_graph"])


def test_another_version_of_mlx_trains_again(project):
    science = project / "workflow" / "score_mlx" / "runs" / "science.py"
    edit(science, '"graphs": ("mlx", "numpy")', '"graphs": ("mlx", "pyyaml")')
    assert set(planned(project)) == {"train_graph", "table", "figure", "runs"}


def test_other_data_compute_everything(project):
    for text in ("smiles,target\nCC,2\n", "smiles,target\nCO,1\n"):
        (project / "my.csv").write_text(text)
        assert models(planned(project)) == MODELS
    (project / "my.csv").write_text("smiles,target\nCC,1\n")
    assert planned(project) == {}


WORDS = {"unit": ["target_unit=x"], "label": ["target_label=x"], "column": ["target_column=t 2", "smiles_column=400"]}
SAME = {  # what the file says when nothing has changed, and what has to be said of it
    "a blank line": ("smiles,target\n\nCC,1\n", []),
    "another column": ("name,smiles,target,other\nethane,CC,1,7\n", []),
    "names": ("name,smiles,target,other\nethane,CC,1,7\n", ["name_column=name"]),
    "another order and separator": ("target;smiles\n1;CC\n", []),
    "another way to write a number": ("smiles,target\nCC,1.00e0\n", []),
    "a decimal comma": ('smiles;target\nCC;"1,0"\n', []),
    "spaces, line ends and a byte order mark": ("\ufeffsmiles , target\r\n CC , 1\r\n", []),
}


@pytest.mark.badinput
@pytest.mark.parametrize("change", [*WORDS, *SAME])
def test_words_train_nothing(change, project):
    """What a target is called, which unit it has, what else stands in the CSV: tables may change, models do not."""
    text, given = SAME.get(change) or ("400,t 2\nCC,1\n" if change == "column" else None, WORDS[change])
    if text:
        (project / "my.csv").write_text(text, newline="")
    plan = planned(project, *["--config"] * bool(given), *given)
    assert set(plan) == ({"describe_data", "table", "figure"} if change in WORDS else set())


@pytest.mark.badinput
@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("results/table2.csv", "results/my/table2.csv"),
        ("results/my/tabel2.csv", "results/my/table2.csv"),
        ("table2", "results/my/table2.csv"),
        ("paper_figures/figure2.png", "results/my/figures/figure2.png"),
    ],
)
def test_a_target_that_nothing_makes_is_told_with_the_nearest(target, near, finished):
    said = snakemake(finished, "-n", target, check=False)
    assert said.splitlines()[-1] == f"error: nothing makes {target} of dataset = my.csv; did you mean {near}?"


@pytest.mark.badinput
def test_the_list_of_runs_trains_nothing(project):
    gone = next(project.glob("results/runs/my/graphs/gat/base/*/run.json"))
    gone.unlink()
    (project / "results" / "my" / "runs.csv").unlink()
    assert set(planned(project, "results/my/runs.csv")) == {"runs"}
    assert models(planned(project)) == {"gat/base"}  # in the whole it follows all runs


NAMES = ["400", "NO", "logS: exp", "k{a}", "a #1"]
BARE = ("400", "NO")  # which people do not quote


@pytest.mark.badinput
@pytest.mark.slow
@pytest.mark.parametrize("how", ["config", "configfile", "config.yaml"])
def test_a_column_may_be_called_anything(how, project):
    """YAML's types and Snakemake's wildcards say nothing about the name of a column, a unit or a file."""
    header = ",".join(["smiles", *(f'"{name}"' for name in NAMES)])
    # of other values, since a column that is merely called otherwise computes nothing
    (project / "my{x}.csv").write_text(f"{header}\n{','.join(['CC', *map(str, range(len(NAMES)))])}\n")
    files = [f"results/data/my-x/{name}.json" for name in ("dataset", "words")]
    for name in NAMES:
        quote = "" if name in BARE else "'"
        texts = {"dataset": "my{x}.csv", "target_unit": "k{J} #1"}
        given = ["--config", *(f"{key}={value}" for key, value in (texts | {"target_column": name}).items())]
        if how != "config":
            lines = [*(f"{key}: '{value}'" for key, value in texts.items()), f"target_column: {quote}{name}{quote}", ""]
            (project / "my.yaml").write_text("\n".join(lines))
            given = ["--configfile", "my.yaml"]
        if how == "config.yaml":
            config = yaml.safe_load((project / "config.yaml").read_text())
            rest = {key: value for key, value in config.items() if key not in (*texts, "target_column")}
            (project / "config.yaml").write_text(yaml.safe_dump(rest) + "\n".join(lines))
            given = []
        snakemake(project, *files, *given)
        written, called = ((project / file).read_text() for file in files)
        assert f"--target-column={name}" in written and "--target-unit=k{J} #1" in written
        assert f"--target-label={name} --target-unit=k{{J}} #1" in called


def test_a_wider_experiment_trains_the_new_models_only(project):
    edit(
        project / "config.yaml", "    archs:\n    - gcn\n    - gat\n", "    archs:\n    - gcn\n    - gat\n    - gine\n"
    )
    plan = planned(project)
    assert set(plan) == {"train_graph", "table", "figure", "runs"}
    assert models(plan) == {"gine/base", "gine/SCORE"}


STUDIES = {
    "table7b": {
        "kind": "steps",
        "title": "D",
        "arch": "gat",
        "steps": [2, 4],
        "head": "score_mlp",
        "figure": "figure19",
    },
    "table6": {
        "kind": "speedup",
        "title": "E",
        "molattfp": ["gat"],
        "curves": {"figure13": "gat"},
        "warp": {"figure17": "gat"},
    },
    "figure10": {
        "kind": "integrators",
        "title": "F",
        "archs": ["gat"],
        "integrators": ["euler", "rk4"],
        "figure": "figure10",
    },
    "learnable_dt": {"kind": "learned_dt", "title": "G", "archs": ["gat"]},
}


def test_studies_share_their_runs(project):
    """What Table 2 has trained is not trained again, and what several studies want is trained once."""
    config = yaml.safe_load((project / "config.yaml").read_text())
    config["experiments"] |= STUDIES
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    plan = planned(project)
    described = load(project / "config.yaml")
    wanted = [spec for study in STUDIES for spec in described.specs(study)]
    done = {spec for table in ("table2", "table3") for spec in described.specs(table)}
    assert len(set(wanted) - done) < len(set(wanted)) < len(wanted)
    paths = {str(spec.path("results/runs")) for spec in set(wanted) - done}
    assert {output.split(", ")[0] for output in plan["train_graph"]} == paths
    made = " ".join(plan["table"] | plan["figure"])
    tables, figures = ("table6", "table7b", "learnable_dt"), ("figure10", "figure13", "figure17", "figure19")
    for name in [f"{table}.csv" for table in tables] + [f"{figure}.md" for figure in figures]:
        assert name in made
    assert {"train_graph", "table", "figure", "runs"} == set(plan)


def test_editing_a_table_or_a_plot_redraws_it_only(project):
    with open(project / "workflow" / "score_mlx" / "experiments" / "models" / "table.py", "a") as file:
        file.write("# edited\n")
    assert set(planned(project)) == {"table", "figure"}  # figures read the paper's values with it
    with open(project / "workflow" / "score_mlx" / "plots" / "style.py", "a") as file:
        file.write("# edited\n")
    drawn = {"figure", "figure_schema", "shap_table"}
    assert set(planned(project)) == {"table"} | drawn


def test_adopted_records_are_not_trained_again(project):
    for meta in project.glob("results/runs/my/graphs/gat/**/run.meta.json"):
        meta.write_text('{"adopted_from": "elsewhere"}')
    shutil.rmtree(project / ".snakemake")  # as after an adoption: nothing is known of how they were made
    edit(project / "my.csv", "CC,1", "CC,2")
    assert models(planned(project)) == {"gcn/base", "gcn/SCORE"}


def test_records_are_drawn_without_training(project):
    (project / "results" / "runs").rename(project / "elsewhere")
    shutil.rmtree(project / "results")
    plan = planned(project, "--config", "records=elsewhere")
    assert set(plan) == {"table", "sensitivity", "figure", "figure_schema", "runs"}
    next(project.glob("elsewhere/my/graphs/gat/base/*/run.json")).unlink()
    said = snakemake(project, "-n", "--config", "records=elsewhere")
    assert "table2 is left out, some of its records are missing" in said
    said = snakemake(project, "-n", "results/my/table2.csv", "--config", "records=elsewhere", check=False)
    assert "error: records = elsewhere: 1 records of table2 are missing, first elsewhere/my/graphs/gat/base/" in said
    assert "Traceback" not in said


def test_a_failed_model_keeps_its_checkpoint_and_the_others_finish(project):
    shutil.rmtree(project / "results")
    (project / "fail").write_text("gat/base")
    said = snakemake(project, check=False)
    assert "error: this model fails" in said  # the job's log is shown
    folder = next(project.glob("results/runs/my/graphs/gat/base/*"))
    assert (folder / "weights" / "checkpoint").exists() and not (folder / "run.json").exists()
    (project / "fail").unlink()
    assert models(planned(project)) == {"gat/base"}


def test_two_in_one_folder_are_refused_and_a_killed_one_leaves_nothing_to_unlock(project):
    shutil.rmtree(project / "results")
    (project / "wait").touch()
    first = subprocess.Popen([SNAKEMAKE], cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(project.glob("results/runs/**/checkpoint")):
        assert first.poll() is None
        time.sleep(0.05)
    refused = snakemake(project, check=False)
    assert f"error: .snakemake/score-mlx.lock: another Snakemake is already running (process {first.pid} on " in refused
    assert "Traceback" not in refused and "--unlock" not in refused
    assert "This was a dry-run" in snakemake(project, "-n")  # looking is allowed
    first.kill()
    first.wait()
    (project / "wait").unlink()
    snakemake(project)
    assert planned(project) == {}


def test_files_of_the_future_and_of_killed_jobs_do_not_stay(project):
    shutil.rmtree(project / "results" / "my")
    tomorrow = time.time() + 86400
    for path in [*project.glob("results/**/*"), *project.glob("workflow/score_mlx/**/*.py")]:
        os.utime(path, (tomorrow, tomorrow))
    left = project / "results" / "data" / "my" / ".qc-a1b2c3d4.csv"
    left.write_text("half")
    snakemake(project)  # Snakemake refuses an output that is older than its inputs
    assert not left.exists()


def test_another_directory_leaves_the_project_alone_and_the_quick_models_come_first(project):
    before = (project / "calls.log").read_text()
    snakemake(project, "--cores", "1", "--directory", "build/x", "--config", "dataset=esol", "graphs={steps: 3}")
    calls = (project / "build" / "x" / "calls.log").read_text()
    trained = re.findall(r"^train run results/runs/esol/graphs/(\w+)/\w+/steps=3/", calls, re.MULTILINE)
    assert trained == ["gcn", "gcn", "gat", "gat"]
    assert (project / "calls.log").read_text() == before
    assert (project / "build" / "x" / "results" / "table2.csv").exists()
    assert (project / "build" / "x" / "paper_figures" / "figure2.pdf").exists()
    assert not (project / "results" / "table2.csv").exists()


def test_the_page_and_the_crate_follow_everything_else(project):
    page, crate = "results/my/report.html", "results/ro-crate-metadata.json"
    assert set(planned(project, page, crate)) == {"report", "crate"}
    snakemake(project, page, crate)
    assert planned(project, page, crate) == {}
    with open(project / "workflow" / "score_mlx" / "report" / "style.css", "a") as file:
        file.write("/* edited */")
    assert set(planned(project, page, crate)) == {"report", "crate"}
    assert planned(project) == {}  # nothing else is drawn again
