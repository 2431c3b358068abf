"""Stands in for `python -m score_mlx` in tests of the DAG: the same commands and files, no chemistry, no training.

Each call is noted in calls.log of the working directory. The model that a file `fail` names leaves a checkpoint and
fails; while there is a file `wait`, no training comes to its end.
"""

import json
import sys
import time
from pathlib import Path


def write(path, text):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def prepare(dataset, folder, *options):
    own = Path(dataset)
    write(f"{folder}/molecules.csv", own.read_text() if own.is_file() else dataset)
    write(f"{folder}/qc.csv", "row,reason,done\n")
    write(f"{folder}/dataset.json", json.dumps(options))


def derive(*arguments):
    files = [a for a in arguments if Path(a).suffix]
    write(files[-1], "".join(Path(file).read_text() for file in files[:-1]) + " ".join(arguments))


def train(_, record, *options):
    record = Path(record)
    write(record.parent / "weights" / "checkpoint", "half way")
    while Path("wait").exists():
        time.sleep(0.05)
    if Path("fail").exists() and Path("fail").read_text().strip() in str(record):
        sys.exit("error: this model fails")
    write(record, str(record))
    write(record.with_name("run.meta.json"), "{}")


def draw(*options):
    out = Path(options[options.index("--out") + 1])
    if out.suffix == ".html":
        return write(out, " ".join(map(str, options)))
    for suffix in (".csv", ".md", ".tex", ".json") if out.suffix == ".csv" else (".png", ".pdf", ".md", ".json"):
        write(out.with_suffix(suffix), " ".join(map(str, options)))
    if "--figure" in options:
        draw("--out", options[options.index("--figure") + 1])


def judge(*options):
    folder = Path(options[options.index("--out") + 1])
    for option in options:
        if option.startswith("--only="):
            draw("--out", folder / f"{option.removeprefix('--only=')}.csv")


def describe(folder):
    write(f"{folder}/ro-crate-metadata.json", "{}")


command, *rest = sys.argv[1:]
with open("calls.log", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\n")
if command == "data":
    prepare(*rest[1:]) if rest[0] == "prepare" else derive(*rest[1:])
else:
    {"train": train, "verdict": judge, "crate": describe}.get(command, draw)(*rest)
