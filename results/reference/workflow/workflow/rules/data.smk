"""Which molecules, with which target.

in:  a CSV of config's `data_folders` or of the network (data/sources.yaml), RDKit's own files, or the reader's CSV
out: results/data/{dataset}/molecules.csv   row, name, smiles, canonical, target
     results/data/{dataset}/qc.csv          row, reason, done: what was wrong, and what was done about it
     results/data/{dataset}/dataset.json    name, rows, label, unit, stand-in or not, checksums
"""


rule prepare_data:
    input:
        # The paper's file is pinned by checksum, so only a reader's own CSV can change.
        csv=[project_file(CONFIG.own_csv)] if CONFIG.own_csv else [],
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
        options=data_options(),
    shell:
        # Where a file lies does not change what is in it: neither its path nor the folders to search are parameters.
        "logged {log} python -m score_mlx data prepare "
        + ("{input.csv:q}" if CONFIG.own_csv else "{wildcards.dataset}")
        + " $(dirname {output.dataset:q}) {params.options:q} "
        + shlex.join(f"--search={in_project(folder)}" for folder in CONFIG.data_folders)
