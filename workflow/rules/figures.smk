"""Figures of the paper, each a pure function of run records.

in:  the records of the experiment that names the figure, the paper's values, Table 1 once there is one
out: paper_figures/{figure}.png, .pdf (results/{dataset}/figures/{figure}.* for any other data set than the paper's)
"""


rule figure_configurations:
    input:
        records=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure]),
        metas=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure], "run.meta.json"),
        paper=lambda wildcards: paper_values(EXPERIMENT_OF[wildcards.figure]),
        table1=[path for path in (f"{TABLES}/table1.csv",) if os.path.exists(path)],
        code=sources("plots/configurations.py", "plots/style.py", "analysis/runs.py"),
    output:
        png=f"{FIGURES}/{{figure}}.png",
        pdf=f"{FIGURES}/{{figure}}.pdf",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    conda:
        ENVIRONMENT
    params:
        title=lambda wildcards: CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].title,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
        baseline=lambda wildcards, input: [f"--baseline={path}" for path in input.table1],
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --title {params.title:q}"
        " {params.paper:q} {params.baseline:q} --out {output.png} {input.records:q}"


rule figures:
    input:
        expand(f"{FIGURES}/{{figure}}.png", figure=[f for f, table in EXPERIMENT_OF.items() if table in DRAWABLE]),
