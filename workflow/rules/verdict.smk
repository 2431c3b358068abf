"""The verdict on the paper: every published number, every claim, every pair of models, each a function of run records.

in:  all records of config's `experiments`, published numbers and claims in data/paper
out: results/verdict.csv, claims.csv, pairs.csv, contrasts.csv, informativeness.csv, epochs.csv, conclusions.csv,
     verdict_summary.csv, each with .md, .tex and .json
     results/robustness.csv, .md, .tex, .json   claims under other choices; asks for the runs of config's `robustness`

`make verdict` judges whatever records there are; these rules ask for all. Only for the paper's own data set.
"""

JUDGED = ["verdict", "claims", "pairs", "contrasts", "informativeness", "epochs", "conclusions", "verdict_summary"]
VERDICTS = [f"results/{name}.csv" for name in JUDGED] if CONFIG.dataset == "esol" else []


rule verdict:
    input:
        records=lambda wildcards: all_records(),
        metas=lambda wildcards: all_records("run.meta.json"),
        paper=sorted(str(path) for path in Path(in_project("data", "paper")).glob("*.csv")),
        claims=in_project("data", "paper", "claims.yaml"),
        code=sources("verdict/report.py"),
    output:
        expand("results/{name}.{suffix}", name=JUDGED, suffix=["csv", "md", "tex", "json"]),
    log:
        "results/logs/esol/verdict.log",
    conda:
        ENVIRONMENT
    params:
        runs=lambda wildcards: records_folder(),
        only=[f"--only={name}" for name in JUDGED],
    shell:
        "logged {log} python -m score_mlx verdict --from {params.runs:q} --out results {params.only}"


rule robustness:
    input:
        records=lambda wildcards: robustness_records(),
        metas=lambda wildcards: robustness_records("run.meta.json"),
        claims=in_project("data", "paper", "claims.yaml"),
        code=rules.verdict.input.code,
    output:
        csv="results/robustness.csv",
        md="results/robustness.md",
        tex="results/robustness.tex",
        json="results/robustness.json",
    log:
        "results/logs/esol/robustness.log",
    conda:
        ENVIRONMENT
    params:
        runs=lambda wildcards: records_folder(),
    shell:
        "logged {log} python -m score_mlx verdict --from {params.runs:q} --out results --only=robustness"
