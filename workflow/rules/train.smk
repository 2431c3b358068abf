"""One job a run, with all its folds; one rule a family of models, all alike.

in:  molecules, features, descriptors and folds of a data set, or a text as tokens: what the run's path asks for
out: results/runs/{dataset}/{family}/{model}/{options}/run.json        what was trained and every epoch's or evaluation's error
     results/runs/{dataset}/{family}/{model}/{options}/run.meta.json   seconds, device, versions
     beside them, not declared so that no failure deletes them: weights, losses.csv of language models, checkpoints

{model} is {arch}/{config} of graph networks and language models, {network} of dense ones, {method} of classical ones. The
path says everything about the run (score_mlx.runs.spec), so a run that ten tables want is trained once.
"""

# What of a rule differs: its name, which models are its, memory in MB, and how often a job that fails is tried again:
# networks go on from their checkpoint.
TRAINED = {
    "graphs": ("train_graph", rf"({any_of(KNOWN_ARCHS)})/\w+", 2000, 1),
    "dense": ("train_dense", r"\w+", 2000, 1),
    "classical": ("fit_classical", r"\w+", 2000, 0),
    "language": ("train_language", r"(nanogptx?|chargpt)/\w+", 4000, 1),
}

DEVICES = " ".join(f"--device {family}={device}" for family, device in CONFIG.device)

for family, (rule_name, models, megabytes, again) in TRAINED.items():

    rule:
        name:
            rule_name
        input:
            unpack(inputs_of_run(family)),
        output:
            record=f"results/runs/{{dataset}}/{family}/{{model}}/{{options}}/run.json",
            meta=f"results/runs/{{dataset}}/{family}/{{model}}/{{options}}/run.meta.json",
        log:
            f"results/logs/{{dataset}}/{family}/{{model}}/{{options}}.log",
        wildcard_constraints:
            model=models,
            options="[^/]+",
        priority: quick_first
        retries: again
        conda:
            ENVIRONMENT
        threads: 1  # more would change the order of sums, and so the last bits
        resources:
            gpu=on_gpu(family),
            mem_mb=megabytes,
            runtime=minutes_of_run(family),
        params:
            science=SCIENCE[family],
            versions=versions_of(family),
        shell:
            # The preset is for the record's provenance; what it changed is in the path. Text without the loop's
            # variables: a job sees the last value of these.
            f"logged {{log:q}} python -m score_mlx train run {{output.record:q}} --preset {CONFIG.preset} {DEVICES}"


# A run that ends by the clock is alone on its machine; for a cluster's node see docs/clusters.md.
use rule train_language as train_challenge with:
    wildcard_constraints:
        model=r"d4/\w+",
        options="[^/]+",
    threads: workflow.resource_settings.cores or 1
