"""Tables of the paper, each a pure function of run records.

in:  the records that config's `experiments` lists, the paper's values in data/paper, SHAP values
out: results/{table}.csv, .md, .tex, .json (results/{dataset}/{table}.* for any other data set than the paper's)
     results/table7.csv, .md, .tex, .json                what the paper prints in parts, here table7a and table7b, as one
     results/{table}_sensitivity.csv, .md, .tex, .json   Table 1 after the last epoch and without leaking repeats
     results/shap_top100.csv, .md, .tex, .json           the descriptors that Lasso reads
     results/runs.csv, .md, .tex, .json                  every run, what came out and what it cost
"""


rule table:
    input:
        records=lambda wildcards: existing_records_of(wildcards.table),
        metas=lambda wildcards: existing_records_of(wildcards.table, "run.meta.json"),
        words=words(),
        paper=lambda wildcards: paper_values(wildcards.table),
        code=lambda wildcards: sources("tables/table.py", CONFIG.experiments[wildcards.table].table_code),
    output:
        csv=report(
            f"{TABLES}/{{table}}.csv",
            category="Tables",
            subcategory=lambda wildcards: CONFIG.experiments[wildcards.table].title,
            caption="../report/table.rst",
            labels={"table": "{table}"},
        ),
        md=f"{TABLES}/{{table}}.md",
        tex=f"{TABLES}/{{table}}.tex",
        json=f"{TABLES}/{{table}}.json",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{table}}.log",
    conda:
        ENVIRONMENT
    params:
        title=lambda wildcards: CONFIG.experiments[wildcards.table].title,
        kind=lambda wildcards: CONFIG.experiments[wildcards.table].kind,
        top=lambda wildcards: CONFIG.experiments[wildcards.table].top,
        paper=lambda wildcards, input: [f"--paper={path}" for path in input.paper],
    shell:
        "logged {log} python -m score_mlx table {wildcards.table} --kind {params.kind} --title {params.title:q}"
        " --top {params.top} {params.paper:q} --out {output.csv} {input.records:q}"


rule whole_table:
    """What the paper prints in parts under one number, as one table."""
    input:
        parts=lambda wildcards: expand(f"{TABLES}/{{part}}.csv", part=WHOLES[wildcards.whole]),
        code=sources("tables/parts.py"),
    output:
        csv=f"{TABLES}/{{whole}}.csv",
        md=f"{TABLES}/{{whole}}.md",
        tex=f"{TABLES}/{{whole}}.tex",
        json=f"{TABLES}/{{whole}}.json",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{whole}}.log",
    wildcard_constraints:
        whole=any_of(WHOLES),
    conda:
        ENVIRONMENT
    shell:
        "logged {log} python -m score_mlx join {input.parts:q} --out {output.csv:q}"


rule sensitivity:
    input:
        records=lambda wildcards: [p for s in AT_RANDOM for p in existing_records_of(wildcards.table, split=s)],
        metas=lambda wildcards: [p for s in AT_RANDOM for p in existing_records_of(wildcards.table, "run.meta.json", s)],
        code=sources("tables/sensitivity.py", "tables/table.py"),
    output:
        csv=report(
            f"{TABLES}/{{table}}_sensitivity.csv",
            category="Tables",
            subcategory="Sensitivity to the best epoch and to repeated molecules",
            caption="../report/sensitivity.rst",
            labels={"table": "{table}"},
        ),
        md=f"{TABLES}/{{table}}_sensitivity.md",
        tex=f"{TABLES}/{{table}}_sensitivity.tex",
        json=f"{TABLES}/{{table}}_sensitivity.json",
    log:
        f"results/logs/{CONFIG.dataset_name}/{{table}}_sensitivity.log",
    wildcard_constraints:
        table=any_of(BASELINES),
    conda:
        ENVIRONMENT
    shell:
        "logged {log} python -m score_mlx sensitivity {wildcards.table} --out {output.csv} {input.records:q}"


rule shap_table:
    input:
        values=SHAP,
        code=sources("tables/selection.py", "tables/table.py", "plots/shap_summary.py"),
    output:
        csv=report(
            f"{TABLES}/shap_top100.csv",
            category="Tables",
            subcategory="Descriptors by mean |SHAP|",
            caption="../report/shap.rst",
            labels={"table": "shap_top100"},
        ),
        md=f"{TABLES}/shap_top100.md",
        tex=f"{TABLES}/shap_top100.tex",
        json=f"{TABLES}/shap_top100.json",
        png=report(
            f"{FIGURES}/shap_summary.png",
            category="Figures",
            subcategory="Descriptors by mean |SHAP|",
            caption="../report/shap.rst",
            labels={"figure": "shap_summary"},
        ),
        pdf=f"{FIGURES}/shap_summary.pdf",
        caption=multiext(f"{FIGURES}/shap_summary", ".md", ".json"),
    log:
        f"results/logs/{CONFIG.dataset_name}/shap_top100.log",
    conda:
        ENVIRONMENT
    shell:
        "logged {log} python -m score_mlx shap {input.values} --out {output.csv} --figure {output.png}"


rule runs:
    input:
        # asked for by itself it lists what has run
        records=lambda wildcards: [
            path
            for name in DRAWABLE
            for path in existing_records_of(name)
            if os.path.exists(path) or not wanted_alone(f"{TABLES}/runs.csv")
        ],
        code=sources("tables/catalogue.py", "tables/table.py"),
    output:
        csv=report(f"{TABLES}/runs.csv", category="Runs", caption="../report/runs.rst", labels={"table": "runs"}),
        md=f"{TABLES}/runs.md",
        tex=f"{TABLES}/runs.tex",
        json=f"{TABLES}/runs.json",
    log:
        f"results/logs/{CONFIG.dataset_name}/runs.log",
    conda:
        ENVIRONMENT
    params:
        folder=lambda wildcards: records_folder(),
        # with the texts of its language models
        datasets="|".join(dict.fromkeys(spec.dataset for name in CONFIG.applicable for spec in CONFIG.specs(name))),
    shell:
        "logged {log} python -m score_mlx runs dataset=={params.datasets:q} --runs {params.folder:q} --out {output.csv}"


rule tables:
    input:
        expand(f"{TABLES}/{{table}}.csv", table=[t for t in DRAWABLE if t in TABLE_NAMES]),
        expand(f"{TABLES}/{{whole}}.csv", whole=[w for w, parts in WHOLES.items() if {*parts} <= {*DRAWABLE}]),
        expand(f"{TABLES}/{{table}}_sensitivity.csv", table=SENSITIVITY),
        f"{TABLES}/runs.csv",
        [] if CONFIG.records or not SHAP else f"{TABLES}/shap_top100.csv",
