"""One page of everything for a referee, and a description of the run for machines.

in:  all tables and figures, the catalogue of runs, the verdict
out: results/report.html                self-contained; `make report` makes it of whatever records there are
     results/ro-crate-metadata.json     a Provenance Run Crate of results/, with a copy of the workflow in results/workflow
"""

PAGE_CODE = sorted(f"report/{file.name}" for file in (ROOT / "workflow/score_mlx/report").iterdir() if file.is_file())


rule report:
    input:
        rules.tables.input,
        rules.figures.input,
        VERDICTS,
        # The page shows these too. Where nothing is trained they are quick, so that it need not depend on their order.
        lambda wildcards: [*rules.robustness.output, *beyond_tables()] if CONFIG.records and VERDICTS else [],
        ledger=in_project("data", "paper", "ledger.yaml"),
        sources=in_project("data", "sources.yaml"),
        code=sources(*PAGE_CODE),
    output:
        report(
            f"{TABLES}/report.html", category="The page", caption="../report/page.rst", labels={"page": "all results"}
        ),
    log:
        f"results/logs/{CONFIG.dataset_name}/report.log",
    conda:
        ENVIRONMENT
    params:
        config=lambda wildcards: f"{TABLES}/config.resolved.yaml",  # written when Snakemake starts
        tables=lambda wildcards: TABLES,
        figures=lambda wildcards: FIGURES,
        runs=lambda wildcards: records_folder(),
    shell:
        "logged {log} python -m score_mlx report --out {output} --config {params.config} --tables {params.tables}"
        " --figures {params.figures} --runs {params.runs:q}"


# A crate describes the folder that has the run records in it.
if not CONFIG.records:

    rule crate:
        input:
            rules.report.output,
            records=lambda wildcards: all_records(),
            code=sources("report/crate.py", "report/crate_check.py"),
        output:
            "results/ro-crate-metadata.json",
        log:
            "results/logs/crate.log",
        conda:
            ENVIRONMENT
        shell:
            "logged {log} python -m score_mlx crate results"
