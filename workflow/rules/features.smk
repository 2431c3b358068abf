"""Molecules as numbers, and who is tested when.

in:  results/data/{dataset}/molecules.csv
out: results/features/{dataset}/rigr_author.npz, rigr_chemprop.npz   atoms, bonds and their indices
     results/features/{dataset}/descriptors.npz                      217 RDKit descriptors, unscaled
     results/folds/{dataset}/{split}-r{repeat}.csv                   the fold that tests each molecule
"""


rule graph_features:
    input:
        "results/data/{dataset}/molecules.csv",
    output:
        "results/features/{dataset}/{features}.npz",
    log:
        "results/logs/{dataset}/{features}.log",
    wildcard_constraints:
        features="rigr_author|rigr_chemprop",
    conda:
        ENVIRONMENT
    threads: 4
    params:
        science=SCIENCE["features"],
        versions=versions("features"),
    shell:
        "logged {log} python -m score_mlx data features {input} {output} --scheme {wildcards.features}"
        " --processes {threads}"


rule descriptors:
    input:
        "results/data/{dataset}/molecules.csv",
    output:
        "results/features/{dataset}/descriptors.npz",
    log:
        "results/logs/{dataset}/descriptors.log",
    conda:
        ENVIRONMENT
    threads: 4
    params:
        science=SCIENCE["descriptors"],
        versions=versions("descriptors"),
    shell:
        "logged {log} python -m score_mlx data descriptors {input} {output} --processes {threads}"


rule folds:
    input:
        "results/data/{dataset}/molecules.csv",
    output:
        "results/folds/{dataset}/{split}-r{repeat}.csv",
    log:
        "results/logs/{dataset}/{split}-r{repeat}.log",
    wildcard_constraints:
        split=any_of(DRAWN),
        repeat=r"\d+",
    conda:
        ENVIRONMENT
    params:
        science=SCIENCE["folds"],
        versions=versions("folds"),
    shell:
        "logged {log} python -m score_mlx data folds {input} {output} --split {wildcards.split}"
        " --repeat {wildcards.repeat}"


rule given_folds:
    """`split: file` and `holdout`. The repetition says which weights, not which folds."""
    input:
        molecules="results/data/{dataset}/molecules.csv",
        # of the reader's CSV only the labels count, and whether it is there
        source=readers_input(CONFIG.folds_file, by_date=False) if CONFIG.folds_file else [],
    output:
        "results/folds/{dataset}/{split}-r{repeat}.csv",
    log:
        "results/logs/{dataset}/{split}-r{repeat}.log",
    wildcard_constraints:
        split=any_of(GIVEN),
        repeat=r"\d+",
    conda:
        ENVIRONMENT
    params:
        science=SCIENCE["folds"],
        labels=FOLD_LABELS,
    shell:
        "logged {log} python -m score_mlx data folds {input.molecules} {output} --split {wildcards.split}"
        " --source "
        + (quoted(CONFIG.folds_file or CONFIG.own_csv) if CONFIG.fold_column else "none")
        + " "
        + literally([f"--fold-column={CONFIG.fold_column}"] if CONFIG.fold_column and not CONFIG.folds_file else [])
