"""Which molecules, with which target.

in:  a CSV of config's `data_folders` or of the network (data/sources.yaml), RDKit's own files, or the reader's CSV
out: results/data/{dataset}/molecules.csv   row, name, smiles, canonical, target
     results/data/{dataset}/qc.csv          row, reason, done: what was wrong, and what was done about it
     results/data/{dataset}/words.json      label, target and unit of a reader's CSV as tables and figures show them
     results/data/{dataset}/dataset.json    name, rows, label, unit, stand-in or not, checksums
"""


rule prepare_data:
    input:
        # The paper's file is pinned by checksum, so only a reader's own CSV can change, as DATA says.
        csv=readers_input(CONFIG.own_csv, by_date=False) if CONFIG.own_csv else [],
    output:
        molecules="results/data/{dataset}/molecules.csv",
        qc="results/data/{dataset}/qc.csv",
        dataset="results/data/{dataset}/dataset.json",
    log:
        "results/logs/{dataset}/data.log",
    conda:
        ENVIRONMENT
    params:
        science=SCIENCE["data"],
        versions=versions("data"),
        data=DATA,
    shell:
        # Where a file lies and what it and its columns are called do not change what is read: DATA is, of all that counts.
        "logged {log} python -m score_mlx data prepare "
        + (quoted(CONFIG.own_csv) if CONFIG.own_csv else "{wildcards.dataset}")
        + " $(dirname {output.dataset:q}) "
        + literally(columns() + descriptions() + [f"--search={in_project(folder)}" for folder in CONFIG.data_folders])


rule describe_data:
    """What a reader's data are called: its change redraws tables and figures and trains nothing."""
    input:
        molecules="results/data/{dataset}/molecules.csv",
    output:
        "results/data/{dataset}/words.json",
    log:
        "results/logs/{dataset}/words.log",
    conda:
        ENVIRONMENT
    params:
        words=lambda wildcards: [
            f"--target-label={CONFIG.target_label or CONFIG.column}",
            f"--target-unit={CONFIG.target_unit}",
        ],
    shell:
        "logged {log} python -m score_mlx data describe {input.molecules:q} {output:q} {params.words:q}"
