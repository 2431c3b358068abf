"""What SHAP makes of CatBoost's trees: the ranking of descriptors that Lasso reads.

in:  molecules, descriptors and folds of a data set
out: results/shap/{dataset}/classical/catboost/{options}/shap.npz   descriptors ranked on each training fold
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
