"""Experiments that the paper lacks, each a pure function of run records; made on demand, not by `all`.

in:  the records that config's `beyond` lists
out: results/{name}.csv, .md, .tex, .json           (results/{dataset}/{name}.* for any other data set than the paper's)
     results/{name}_corners.csv, .md, .tex, .json   of a factorial: RMSE of each of its six corners
     results/{name}_summary.csv, .md, .tex, .json   of a factorial: main effects over all architectures
     paper_figures/{name}.png, .pdf, .md, .json     of a factorial
"""

BEYOND = CONFIG.beyond_here
FACTORIALS = [name for name in BEYOND if CONFIG.beyond[name].drawn]


rule beyond_table:
    input:
        records=lambda wildcards: beyond_records(wildcards.beyond),
        metas=lambda wildcards: beyond_records(wildcards.beyond, "run.meta.json"),
        paper=sorted(str(path) for path in Path(in_project("data", "paper")).glob("table*.csv")),
        code=lambda wildcards: sources(*CONFIG.beyond[wildcards.beyond].code),
    output:
        csv=report(
            f"{TABLES}/{{beyond}}.csv",
            category="Beyond the paper",
            subcategory=lambda wildcards: CONFIG.beyond[wildcards.beyond].title,
            caption="../report/table.rst",
            labels={"table": "{beyond}"},
        ),
        md=f"{TABLES}/{{beyond}}.md",
        tex=f"{TABLES}/{{beyond}}.tex",
        json=f"{TABLES}/{{beyond}}.json",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{beyond}}.log",
    wildcard_constraints:
        beyond=any_of(name for name in BEYOND if name not in FACTORIALS),
    conda:
        ENVIRONMENT
    params:
        config=lambda wildcards: f"{TABLES}/config.resolved.yaml",  # written when Snakemake starts
        runs=lambda wildcards: records_folder(),
        options=lambda wildcards: CONFIG.beyond[wildcards.beyond].model_dump_json(),
    shell:
        "logged {log} python -m score_mlx beyond {wildcards.beyond} --config {params.config} --runs {params.runs:q}"
        " --out {output.csv}"


rule factorial:
    input:
        records=lambda wildcards: beyond_records(wildcards.beyond),
        metas=lambda wildcards: beyond_records(wildcards.beyond, "run.meta.json"),
        code=lambda wildcards: sources(*CONFIG.beyond[wildcards.beyond].code),
    output:
        csv=report(
            f"{TABLES}/{{beyond}}.csv",
            category="Beyond the paper",
            subcategory=lambda wildcards: CONFIG.beyond[wildcards.beyond].title,
            caption="../report/table.rst",
            labels={"table": "{beyond}"},
        ),
        tables=multiext(f"{TABLES}/{{beyond}}", ".md", ".tex", ".json"),
        corners=multiext(f"{TABLES}/{{beyond}}_corners", ".csv", ".md", ".tex", ".json"),
        summary=multiext(f"{TABLES}/{{beyond}}_summary", ".csv", ".md", ".tex", ".json"),
        png=report(
            f"{FIGURES}/{{beyond}}.png",
            category="Beyond the paper",
            subcategory=lambda wildcards: CONFIG.beyond[wildcards.beyond].title,
            caption="../report/figure.rst",
            labels={"figure": "{beyond}"},
        ),
        pictures=multiext(f"{FIGURES}/{{beyond}}", ".pdf", ".md", ".json"),
    log:
        f"results/logs/{CONFIG.dataset_name}/{{beyond}}.log",
    wildcard_constraints:
        beyond=any_of(FACTORIALS),
    conda:
        ENVIRONMENT
    params:
        config=lambda wildcards: f"{TABLES}/config.resolved.yaml",
        runs=lambda wildcards: records_folder(),
        options=lambda wildcards: CONFIG.beyond[wildcards.beyond].model_dump_json(),
    shell:
        "logged {log} python -m score_mlx beyond {wildcards.beyond} --config {params.config} --runs {params.runs:q}"
        " --out {output.csv} --figure {output.png}"


rule beyond:
    input:
        lambda wildcards: beyond_tables(),
