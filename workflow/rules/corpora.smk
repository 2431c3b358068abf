"""Texts as tokens, which language models read.

in:  texts and token ranks of config's `data_folders` or of the network (data/sources.yaml)
out: results/corpora/{corpus}/corpus.json, tokens.npz
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
