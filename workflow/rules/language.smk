"""Language models: texts as tokens, one job a model.

in:  texts and token ranks of config's `data_folders` or of the network (data/sources.yaml)
out: results/corpora/{corpus}/corpus.json, tokens.npz                         what the models read
     results/runs/{corpus}/language/{arch}/{config}/{options}/run.json        losses, generated text
     results/runs/{corpus}/language/{arch}/{config}/{options}/run.meta.json   seconds, device, versions
     beside them, not declared so that no failure deletes them: losses.csv as they come, weights, the checkpoint

A run that ends by the clock (the challenge) is alone on the machine, and no two of them give the same bytes.
"""


rule prepare_corpus:
    output:
        corpus="results/corpora/{corpus}/corpus.json",
        tokens="results/corpora/{corpus}/tokens.npz",
    log:
        "results/logs/corpora/{corpus}.log",
    wildcard_constraints:
        corpus=r"[\w-]+",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
    params:
        science=SCIENCE["corpora"],
        versions=versions("corpora"),
    shell:
        "logged {log:q} python -m score_mlx data corpus {wildcards.corpus} $(dirname {output.corpus:q}) "
        + shlex.join(f"--search={in_project(folder)}" for folder in CONFIG.data_folders)


rule train_language:
    input:
        unpack(inputs_of_run("language")),
    output:
        record="results/runs/{dataset}/language/{model}/{options}/run.json",
        meta="results/runs/{dataset}/language/{model}/{options}/run.meta.json",
    log:
        "results/logs/{dataset}/language/{model}/{options}.log",
    wildcard_constraints:
        model=r"(nanogptx?|chargpt)/\w+",
        options="[^/]+",
    retries: 1  # goes on from its checkpoint
    conda:
        ENVIRONMENT
    threads: 1  # more would change the order of sums, and so the last bits
    resources:
        gpu=on_gpu("language"),
        mem_mb=4000,
        runtime=minutes_of_run("language"),
    params:
        science=SCIENCE["language"],
        versions=versions_of("language"),
    shell:
        f"logged {{log:q}} python -m score_mlx train language --record {{output.record:q}} --preset {CONFIG.preset}"
        f" --device {CONFIG.device.language}"


use rule train_language as train_challenge with:
    wildcard_constraints:
        model=r"d4/\w+",
        options="[^/]+",
    # Its result depends on how fast it is, so it has this machine to itself; for a cluster's node see docs/clusters.md.
    threads: workflow.resource_settings.cores or 1
