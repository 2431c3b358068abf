"""Tables of the paper, each a pure function of run records.

in:  the records that config's `experiments` lists, the paper's values in data/paper
out: results/{table}.csv, .md, .tex (results/{dataset}/{table}.* for any other data set than the paper's)
"""


rule table:
    input:
        records=lambda wildcards: existing_records_of(wildcards.table),
        metas=lambda wildcards: existing_records_of(wildcards.table, "run.meta.json"),
        paper=lambda wildcards: paper_values(wildcards.table),
        code=sources("analysis/tables.py", "analysis/runs.py", "analysis/formats.py"),
    output:
        csv=f"{TABLES}/{{table}}.csv",
        md=f"{TABLES}/{{table}}.md",
        tex=f"{TABLES}/{{table}}.tex",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{table}}.log",
    conda:
        ENVIRONMENT
    params:
        title=lambda wildcards: CONFIG.experiments[wildcards.table].title,
        top=lambda wildcards: CONFIG.experiments[wildcards.table].top,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
    shell:
        "logged {log} python -m score_mlx table {wildcards.table} --title {params.title:q} --top {params.top}"
        " {params.paper:q} --out {output.csv} {input.records:q}"


rule tables:
    input:
        expand(f"{TABLES}/{{table}}.csv", table=DRAWABLE),
