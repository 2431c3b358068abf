"""Trees, kernels and Lasso on the descriptors: one job a model, with all its folds; and what SHAP makes of the trees.

in:  molecules, descriptors and folds of a data set
out: results/shap/{dataset}/classical/catboost/{options}/shap.npz                  descriptors ranked on each training fold
     results/runs/{dataset}/classical/{method}/{options}/run.json, run.meta.json   as of graph networks (graphs.smk)
"""


rule shap_values:
    input:
        unpack(lambda wildcards: files_read("{w.dataset}/classical/catboost/{w.options}/run.json".format(w=wildcards))),
    output:
        "results/shap/{dataset}/classical/catboost/{options}/shap.npz",
    log:
        "results/logs/{dataset}/shap/{options}.log",
    wildcard_constraints:
        options="[^/]+",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,  # minutes; ESOL's five CatBoosts and their SHAP values take five
    params:
        science=SCIENCE["shap"],
        versions=versions("shap"),
    shell:
        "logged {log:q} python -m score_mlx data shap {output:q}"


rule fit_classical:
    input:
        unpack(inputs_of_run("classical")),
    output:
        record="results/runs/{dataset}/classical/{model}/{options}/run.json",
        meta="results/runs/{dataset}/classical/{model}/{options}/run.meta.json",
    log:
        "results/logs/{dataset}/classical/{model}/{options}.log",
    wildcard_constraints:
        model=r"\w+",
        options="[^/]+",
    conda:
        ENVIRONMENT
    threads: 1  # more would change the order of sums, and so the trees
    resources:
        mem_mb=2000,
        runtime=minutes_of_run("classical"),
    params:
        science=SCIENCE["classical"],
        versions=versions("classical"),
    shell:
        f"logged {{log:q}} python -m score_mlx train classical --record {{output.record:q}} --preset {CONFIG.preset}"
