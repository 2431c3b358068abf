"""Figures of the paper, each a pure function of run records.

in:  the records of the experiment that names the figure, the paper's values, CatBoost's record for its line
out: paper_figures/{figure}.png, .pdf (results/{dataset}/figures/{figure}.* for any other data set than the paper's)
"""


rule figure_configurations:
    input:
        records=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure]),
        metas=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure], "run.meta.json"),
        paper=lambda wildcards: paper_values(EXPERIMENT_OF[wildcards.figure]),
        baseline=catboost_record(),
        code=sources("plots/configurations.py", "plots/style.py", "analysis/runs.py"),
    output:
        png=f"{FIGURES}/{{figure}}.png",
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    conda:
        ENVIRONMENT
    wildcard_constraints:
        figure=any_of(figures_of(of_kind("models"))),
    params:
        title=lambda wildcards: CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].title,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
        baseline=lambda wildcards, input: [f"--baseline={path}" for path in input.baseline],
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --title {params.title:q}"
        " {params.paper:q} {params.baseline:q} --out {output.png} {input.records:q}"


rule figure_schema:
    input:
        code=sources("plots/schema.py", "plots/style.py"),
    output:
        png=f"{FIGURES}/{{figure}}.png",
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    conda:
        ENVIRONMENT
    wildcard_constraints:
        figure=any_of(f for f in figures_of(BASELINES) if f.endswith("a")),
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --out {output.png}"


rule figure_baselines:
    input:
        records=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure]),
        metas=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure], "run.meta.json"),
        paper=lambda wildcards: paper_values(EXPERIMENT_OF[wildcards.figure]),
        code=sources("plots/baselines.py", "plots/schema.py", "plots/style.py", "analysis/runs.py"),
    output:
        png=f"{FIGURES}/{{figure}}.png",
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    conda:
        ENVIRONMENT
    wildcard_constraints:
        figure=any_of(f for f in figures_of(BASELINES) if not f.endswith("a")),
    params:
        title=lambda wildcards: CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].title,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --title {params.title:q} {params.paper:q}"
        " --out {output.png} {input.records:q}"


rule figures:
    input:
        expand(f"{FIGURES}/{{figure}}.png", figure=figures_of(DRAWABLE)),
