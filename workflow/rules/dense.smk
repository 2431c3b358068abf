"""Dense networks on the descriptors: one job a model, with all its folds.

in:  molecules, descriptors and folds of a data set
out: results/runs/{dataset}/dense/{network}/{options}/run.json, run.meta.json   as of graph networks (graphs.smk)
"""


rule train_dense:
    input:
        unpack(inputs_of_run("dense")),
    output:
        record="results/runs/{dataset}/dense/{model}/{options}/run.json",
        meta="results/runs/{dataset}/dense/{model}/{options}/run.meta.json",
    log:
        "results/logs/{dataset}/dense/{model}/{options}.log",
    wildcard_constraints:
        model=r"\w+",
        options="[^/]+",
    retries: 1  # goes on from its checkpoint
    conda:
        ENVIRONMENT
    threads: 1  # more would change the order of sums, and so the last bits
    resources:
        gpu=on_gpu("dense"),
        mem_mb=2000,
        runtime=minutes_of_run("dense"),
    params:
        science=SCIENCE["dense"],
        versions=versions_of("dense"),
    shell:
        f"logged {{log:q}} python -m score_mlx train dense --record {{output.record:q}} --preset {CONFIG.preset}"
        f" --device {CONFIG.device.dense}"
