"""Figures of the paper, each a pure function of run records.

in:  the records of the experiment that names the figure, the paper's values, CatBoost's record for its line
out: paper_figures/{figure}.png, .pdf, its caption .md, .json (results/{dataset}/figures/{figure}.* for any other data set than the paper's)
"""


rule figure:
    input:
        records=lambda wildcards: existing_records_of(EXPERIMENT_OF[wildcards.figure], figure=wildcards.figure),
        metas=lambda wildcards: existing_records_of(
            EXPERIMENT_OF[wildcards.figure], "run.meta.json", figure=wildcards.figure
        ),
        words=words(),
        paper=lambda wildcards: paper_values(EXPERIMENT_OF[wildcards.figure]),
        baseline=lambda wildcards: catboost_record() if drawing_of(wildcards.figure) == "configurations" else [],
        code=lambda wildcards: sources(
            "tables/table.py", *CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].drawing_code
        ),
    output:
        png=report(
            f"{FIGURES}/{{figure}}.png",
            category="Figures",
            subcategory=lambda wildcards: CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].title,
            caption="../report/figure.rst",
            labels={"figure": "{figure}"},
        ),
        pdf=f"{FIGURES}/{{figure}}.pdf",
        caption=multiext(f"{FIGURES}/{{figure}}", ".md", ".json"),
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(figure for figure in EXPERIMENT_OF if figure not in SCHEMAS),
    conda:
        ENVIRONMENT
    params:
        drawing=lambda wildcards: drawing_of(wildcards.figure),
        title=lambda wildcards: CONFIG.experiments[EXPERIMENT_OF[wildcards.figure]].title,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
        baseline=lambda wildcards, input: [f"--baseline={path}" for path in input.baseline],
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --drawing {params.drawing} --title {params.title:q}"
        " {params.paper:q} {params.baseline:q} --out {output.png} {input.records:q}"


rule figure_schema:
    input:
        code=sources("plots/schema.py", "tables/table.py"),
    output:
        png=report(
            f"{FIGURES}/{{figure}}.png",
            category="Figures",
            subcategory="The idea",
            caption="../report/schema.rst",
            labels={"figure": "{figure}"},
        ),
        pdf=f"{FIGURES}/{{figure}}.pdf",
        caption=multiext(f"{FIGURES}/{{figure}}", ".md", ".json"),
    log:
        f"results/logs/{CONFIG.dataset_name}/{{figure}}.log",
    wildcard_constraints:
        figure=any_of(SCHEMAS),
    conda:
        ENVIRONMENT
    shell:
        "logged {log} python -m score_mlx figure {wildcards.figure} --drawing schema --out {output.png}"


rule figures:
    input:
        expand(
            f"{FIGURES}/{{figure}}.png", figure=[figure for figure, name in EXPERIMENT_OF.items() if name in DRAWABLE]
        ),
