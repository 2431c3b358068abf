"""Run records that are damaged, old, forged, or point outside; weights and checkpoints that are not theirs."""

import itertools
import json
import shutil
from pathlib import Path

import made_up_records as made_up
import pytest
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.runs.records import dumps

SPEC = GraphSpec("esol", "gat", "SCORE")
PLACE = SPEC.path("theirs")


def good() -> dict:
    return made_up.record(SPEC)


@pytest.fixture
def theirs(folder):
    """A folder with a good record; `theirs(record)` replaces it, by text or by what `json` writes."""
    made_up.write(folder / PLACE.parent, good(), made_up.meta())

    def put(content):
        (folder / PLACE).write_text(content if isinstance(content, str) else json.dumps(content))
        return PLACE

    return put


def changed(**values) -> dict:
    """A good record in which `a__b` stands for the key b of a; None removes it."""
    record = good()
    for key, value in values.items():
        *path, last = key.split("__")
        part = record
        for name in path:
            part = part[int(name)] if name.isdigit() else part[name]
        part[last] = value
        if value is ...:
            del part[last]
    return record


UNREADABLE = {
    "empty": ("", "not a run record"),
    "half": (dumps(good())[:5000], "not a run record"),
    "text": ("a run", "not a run record"),
    "list": ("[]", "Input should be"),
    "number": ("1", "Input should be"),
    "deep": ("[" * 100_000, "not a run record"),
    "huge number": ('{"schema": ' + "9" * 5000 + "}", "not a run record"),
    "older schema": (changed(schema=0), "schema: Input should be 1, found '0'"),
    "newer schema": (changed(schema=2), "schema: Input should be 1, found '2'"),
    "no schema": (changed(schema=...), "schema: Field required"),
    "no folds": (changed(folds=...), "folds: Field required"),
    "folds of text": (changed(folds="five"), "folds: Input should be a valid list"),
    "a field of its own": (changed(note="hello"), "note: Extra inputs are not permitted"),
    "text for a number": (changed(folds__0__rmse=["low"]), "folds.0.rmse.0: Input should be a valid number"),
    "NaN": (changed(folds__0__rmse=[float("nan")]), "folds.0.rmse.0: Input should be a finite number"),
    "infinite": (dumps(good()).replace('"parameters": ', '"parameters": 1e999, "x": '), "Input should be"),
    "bytes": ("\udcff", "not a run record"),
    "unknown family": (changed(family="trees"), "spec: unknown family 'trees'"),
    "unknown architecture": (changed(spec__arch="gta"), "spec: unknown arch = 'gta'"),
    "K = 0": (changed(spec__steps=0), "spec: steps = 0: expected at least 1"),
    "a field of the spec missing": (changed(spec__config=...), "spec: missing 1 required positional argument"),
    "a field of the spec too many": (changed(spec__dt=2.0), "spec: got an unexpected keyword argument 'dt'"),
    "text for K": (changed(spec__steps="4"), "spec: steps = '4': expected int"),
    "a path outside": (changed(spec__dataset="../../outside"), "spec: dataset = ../../outside: expected a name"),
    "an absolute path": (changed(spec__dataset="/etc"), "spec: dataset = /etc: expected a name"),
    "true for K": (changed(spec__steps=True), "spec: steps = True: expected int"),
    "HTML for a name": (changed(spec__dataset="<b>x</b>"), "spec: dataset = <b>x</b>: expected a name"),
}


@pytest.mark.parametrize("how", ["adopt", "table", "compare", "predict"])
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_record_that_cannot_be_read(case, how, theirs, folder, refused):
    content, words = UNREADABLE[case]
    if case == "bytes":
        (folder / PLACE).write_bytes(b'{"schema": "\xff"}')
    else:
        theirs(content)
    (folder / "my.csv").write_text("smiles\nC\n")
    arguments = {
        "adopt": ["adopt", "theirs"],
        "table": ["table", "2", PLACE, "--kind", "models"],
        "compare": ["compare", "esol", "--runs", "theirs"],
        "predict": ["predict", PLACE, "my.csv"],
    }
    refused(arguments[how], f"{PLACE}: ", words)


FORGED = {
    "another science": (changed(science=99), "science 99, expected"),
    "cuts that are not the spec's": (changed(cuts=[{"setting": "epochs", "ours": 1, "paper": 150}]), "cuts "),
    "a better best": (changed(best__rmse=[0.1] * 5), "best is "),
    "a better last": (changed(last__rmse=[0.1] * 5), "last is "),
    "a curve too short": (changed(folds__1__rmse=[0.5]), "folds.1.rmse has 1 values, expected 150"),
    "another place": (changed(spec__config="base"), "its spec belongs to .../esol/graphs/gat/base/default/run.json"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_record_that_contradicts_itself_is_not_taken_in(case, theirs, refused):
    content, words = FORGED[case]
    theirs(content)
    refused(["adopt", "theirs"], f"{PLACE}: ", words)


def test_nothing_is_taken_in_where_one_record_is_bad(theirs, folder, refused):
    made_up.write(folder / GraphSpec("esol", "gcn", "SCORE").path("theirs").parent, good(), made_up.meta())
    refused(["adopt", "theirs"], "its spec belongs to .../esol/graphs/gat/SCORE")


def test_a_record_in_the_way(theirs, folder, refused):
    made_up.write(folder / SPEC.path("results/runs").parent, changed(parameters=1), made_up.meta())
    refused(["adopt", "theirs"], "another record is there, expected none; --force")


def test_a_record_without_its_meta(theirs, folder, refused):
    (folder / PLACE).with_name("run.meta.json").unlink()
    refused(["adopt", "theirs"], "run.meta.json: no such file")


def test_a_record_of_other_molecules(theirs, folder, refused):
    (folder / "results" / "data" / "esol").mkdir(parents=True)
    (folder / "results" / "data" / "esol" / "dataset.json").write_text('{"sha256": "c"}')
    refused(["adopt", "theirs"], "dataset sha256 aaa", "expected c as in")


def test_a_record_of_100_megabytes(theirs, folder, refused, monkeypatch):
    with (folder / PLACE).open("r+b") as file:
        file.truncate(100 * 2**20)
    monkeypatch.setattr(Path, "read_bytes", lambda path: str(path.stat().st_size).encode())  # of the comparison
    refused(["adopt", "theirs"], "104857600 bytes, expected a record of at most")


# -- weights and checkpoints -----------------------------------------------------------------------------------------

TINY = ["--arch", "gcn", "--config", "SCORE", "--dataset", "my", "--hidden", "8", "--heads", "2", "--steps", "1"]
RUN = Path("results/runs/my/graphs/gcn/SCORE/steps=1,hidden=8,heads=2,epochs=2,scale_targets=true")


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A trained network, made by the command once for all."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def trained(once, folder, command):
    if not (once / "results").exists():
        rows = "\n".join(f"{'C' * (n + 1)},{n}" for n in range(10))
        (folder / "my.csv").write_text(f"smiles,y\n{rows}\n")
        done = command("data", "prepare", "my.csv", "results/data/my", "--smiles-column=smiles", "--target-column=y")
        assert done[0] == 0, done
        done = command("train", "graph", *TINY, "--epochs", "2")
        assert done[0] == 0, done
        shutil.copytree(folder, once, dirs_exist_ok=True)
    else:
        shutil.copytree(once, folder, dirs_exist_ok=True)
    return folder


DAMAGE = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "text": lambda content: b"not weights at all",
    "a long header": lambda content: b"\xff" * 8 + content[8:],
    "other names": lambda content: content.replace(b"weight", b"wEight"),
    "another shape": lambda content: content.replace(b"[8,8]", b"[4,16]", 1),
    "pickle": lambda content: b"\x80\x04cos\nsystem\n(S'touch executed'\ntR.",
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_weights(case, trained, refused):
    path = trained / RUN / "weights" / "fold2-last.safetensors"
    damaged = DAMAGE[case](path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    (trained / "out.csv").write_text("of an earlier run")
    refused(
        ["predict", RUN, "my.csv", "--epoch", "last", "--out", "out.csv"], "fold2-last.safetensors: not the weights"
    )


@pytest.mark.parametrize("case", [case for case in DAMAGE if case != "another shape"])
def test_a_damaged_checkpoint_costs_time_and_nothing_else(case, trained, command):
    expected = (trained / RUN / "run.json").read_bytes()
    weights = (trained / RUN / "weights" / "fold2-last.safetensors").read_bytes()
    (trained / RUN / "run.json").unlink()
    (trained / RUN / "checkpoints").mkdir()
    for first, last in itertools.combinations_with_replacement(range(5), 2):  # however many train side by side
        (trained / RUN / "checkpoints" / f"folds-{first}-{last}.safetensors").write_bytes(DAMAGE[case](weights))
    code, _, err = command("train", "graph", *TINY, "--epochs", "2")
    assert code == 0, err
    assert (trained / RUN / "run.json").read_bytes() == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([RUN, "none.csv"], "none.csv: cannot read the file"),
        ([RUN, "my.csv", "--smiles-column", "SMILES"], "no column 'SMILES', found smiles, y; did you mean 'smiles'?"),
        ([RUN, "my.csv", "--name-column", "id"], "no column 'id'"),
        ([RUN, "my.csv", "--out", "my.csv"], "would replace the molecules"),
        (["none", "my.csv"], "none: no such file, expected a run record"),
        ([RUN / "run.meta.json", "my.csv"], "Field required"),
    ],
)
def test_predictions_that_cannot_be_made(arguments, words, trained, refused):
    refused(["predict", *arguments], words)


@pytest.mark.parametrize("part", ["data/my/molecules.csv", "folds/my/kfold-r0.csv", "features/my/rigr_author.npz"])
def test_prepared_files_that_are_damaged(part, trained, refused):
    (trained / RUN / "run.json").unlink()
    path = trained / "results" / part
    path.write_bytes(path.read_bytes()[:-30])
    refused(["train", "graph", *TINY, "--epochs", "2"], str(Path("results") / part))
