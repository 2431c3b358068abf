"""Graph networks: one job a model, with all its folds.

in:  molecules, features and folds of a data set, descriptors where the model reads them
out: results/runs/{dataset}/graphs/{arch}/{config}/{options}/run.json        what was trained and every epoch's RMSE
     results/runs/{dataset}/graphs/{arch}/{config}/{options}/run.meta.json   seconds, device, versions
     beside them, not declared so that no failure deletes them: weights and the checkpoint to go on from

The path says everything about the run (score_mlx.models.graphs.spec.GraphSpec), so a run that ten tables want is trained once.
"""


rule train_graph:
    input:
        unpack(inputs_of_run("graphs")),
    output:
        record="results/runs/{dataset}/graphs/{model}/{options}/run.json",
        meta="results/runs/{dataset}/graphs/{model}/{options}/run.meta.json",
    log:
        "results/logs/{dataset}/graphs/{model}/{options}.log",
    wildcard_constraints:
        model=rf"({any_of(KNOWN_ARCHS)})/\w+",
        options="[^/]+",
    priority: lambda wildcards: len(KNOWN_ARCHS) - KNOWN_ARCHS.index(wildcards.model.split("/")[0])  # the quick ones first
    retries: 1  # goes on from its checkpoint
    conda:
        ENVIRONMENT
    threads: 1  # more would change the order of sums, and so the last bits
    resources:
        gpu=on_gpu("graphs"),
        mem_mb=2000,
        runtime=minutes_of_run("graphs"),
    params:
        science=SCIENCE["graphs"],
        versions=versions_of("graphs"),
    shell:
        # The preset is for the record's provenance; what it changed is in the path.
        f"logged {{log:q}} python -m score_mlx train graph --record {{output.record:q}} --preset {CONFIG.preset}"
        f" --device {CONFIG.device.graphs}"
