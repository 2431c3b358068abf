"""The benchmark's own arithmetic: what it counts, which engines have which models, the picture."""

import mlx.core as mx
import mlx.nn as nn
import pytest
from score_mlx.bench import goals, machine, roofline
from score_mlx.bench.engines import ENGINES
from score_mlx.models.graphs.spec import ARCHS, GraphSpec
from score_mlx.nn import linear
from score_mlx.plots import speed


def test_products_are_counted_and_the_counting_ends():
    a, b = mx.zeros((3, 4)), mx.zeros((4, 5))
    with roofline._counted() as total:
        a @ b
        assert total[0] == 2 * 3 * 4 * 5
        mx.zeros((7, 3, 4)) @ b
        assert total[0] == 2 * (1 + 7) * 3 * 4 * 5
        nn.Linear(4, 5)(a)  # by addmm
        assert total[0] == 2 * (1 + 7 + 1) * 3 * 4 * 5
        linear(a, mx.zeros((5, 4)))  # by a kernel, where there is one
        assert total[0] == 2 * (1 + 7 + 1 + 1) * 3 * 4 * 5
    a @ b
    linear(a, mx.zeros((5, 4)))
    assert total[0] == 2 * 10 * 3 * 4 * 5


def test_the_rate_of_the_blas_is_a_rate():
    for rate in roofline.gflop_per_second(0.05):  # by the clock and by processor time
        assert 0.1 < rate < 1e5


@pytest.mark.parametrize("arch", ARCHS)
def test_every_model_is_compared_with_somebody_but_mpnn(arch):
    has = {engine for engine, (_, known) in ENGINES.items() if known(GraphSpec("esol", arch, "base"))}
    ours = {"score-mlx", "score-mlx-plain"}
    assert ours <= has
    assert (has == ours) == (arch == "mpnn")
    assert ("chemprop" in has) == (arch == "dmpnn")


def test_the_picture(tmp_path):
    rows = [
        {"architecture": arch, "form": form, "engine": engine, "seconds_per_epoch": 0.1 * (1 + place)}
        for arch in ARCHS
        for form in ("base", "SCORE")
        for place, engine in enumerate(speed.ENGINE_STYLE)
    ]
    speed.draw(rows, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").stat().st_size > 10_000 and (tmp_path / "bench.pdf").exists()


def row(arch, form, engine, seconds, **more):
    columns = ("seconds_per_validation", "seconds_of_batches", "ratio_to_pyg", "ratio_to_chemprop", "ratio_to_roofline")
    values = dict.fromkeys(columns, "") | {"architecture": arch, "form": form, "engine": engine}
    return values | {"seconds_per_epoch": str(seconds)} | {name: str(value) for name, value in more.items()}


def test_goals_by_hand():
    bench = [
        row("gcn", "base", "score-mlx", 0.2, ratio_to_pyg=0.4, ratio_to_roofline=2.5, seconds_per_validation=0.01),
        row("gat", "SCORE", "score-mlx", 0.3, ratio_to_pyg=0.6, ratio_to_roofline=2.0, seconds_per_validation=0.06),
        row("gat", "SCORE", "pyg", 0.5, ratio_to_pyg=1),
    ]
    growth = [
        {"molecules": "10", "epochs": epochs, "microseconds_per_molecule": "50", "peak_mb": peak}
        for epochs, peak in (("1", "100"), ("3", "103"))
    ]
    text = goals.table(bench, growth, [{"median_seconds": "1.6"}])
    assert "PyTorch Geometric's epoch | 0.5 | 0.40 (gcn) to 0.60 (SCORE_gat) | 1 of 2 |" in text
    assert text.endswith("The rows do not say on which processor they were measured.\n")
    assert "GCN and GAT | 3 | 2.00 (SCORE_gat) to 2.50 (gcn) | yes |" in text
    assert "Chemprop's epoch (D-MPNN) | 0.5 | not measured |  |" in text
    assert "validation, of an epoch | 0.1 | 0.05 (gcn) to 0.20 (SCORE_gat) | 1 of 2 |" in text
    assert "first batch | 1.5 | 1.60 (SCORE_gat) | no |" in text
    assert "of after one | 1.05 | 1.03 (SCORE_gat) | yes |" in text and "smallest data set | 1.2 | not measured" in text
    assert goals.engines(bench).splitlines()[2:] == ["| gcn | 0.2 |  |", "| SCORE_gat | 0.3 | 0.5 |"]


def test_goals_of_a_processor_with_wide_vectors_and_what_else_it_did():
    said = {"processor": "EPYC", "blas": "openblas (SkylakeX)", "kernels": "compiled (AVX-512)", "load": "1.50"}
    bench = [row("gcn", "base", "score-mlx", 0.2, ratio_to_pyg=0.45, clock="processor", **said)]
    language = [
        {"model": "GPT", "engine": engine, "ratio_to_pytorch": x}
        for engine, x in (("score-mlx", "2"), ("pytorch", "1"))
    ]
    text = goals.table(bench, [], [], language)
    assert "PyTorch Geometric's epoch | 0.4 | 0.45 (gcn) | no |" in text
    assert "as many tokens, of ours | 0.667 | 0.50 (GPT) | yes |" in text
    assert "minutes of Table 2 on 2 cores, estimated | 60 | not measured |" in text
    assert text.endswith(
        "Measured on EPYC, BLAS openblas (SkylakeX), kernels compiled (AVX-512); other work kept up to 1.5 cores busy; "
        "ratios are of processor time.\n"
    )


def test_the_estimate_of_table_2():
    """40 runs of 5 folds and 150 epochs on two cores: 0.1 s an epoch, 0.02 s a validation."""
    bench = [
        row(arch, form, "score-mlx", 0.3, cpu_seconds_per_epoch=0.1, seconds_per_validation=0.02)
        for arch in ARCHS
        for form in ("base", "SCORE")
    ]
    assert goals._table2(bench) == {"40 runs": pytest.approx(40 * 150 * 5 * 0.12 / 60 / 2)}
    assert goals._table2(bench[1:]) == {}


def test_costs_are_those_of_single_models():
    own = {"cpu_seconds_per_epoch": "0.19", "gflop_per_epoch": "7.91", "peak_mb": "216"}
    rows = [
        row("gcn", "base", "score-mlx", 0.2, **own),
        row("gcn", "base", "pyg", 0.5),
        row("gat", "base", "score-mlx", 0.3),
    ]
    assert goals.costs(rows).splitlines()[2:] == ["| gcn | 0.2 | 0.19 | 7.91 | 216 |", "| gat | 0.3 |  |  |  |"]


def test_a_busy_machine_is_refused(tmp_path, monkeypatch):
    stat = tmp_path / "stat"
    tick = machine.os.sysconf("SC_CLK_TCK")

    def write(seconds: float) -> None:
        stat.write_text(f"cpu {int(seconds * tick)} 0 0 99 9 0 0 0 0 0\n")

    write(10)
    busy = machine.Busy(stat)
    busy.clock -= 4  # four seconds ago
    write(17)
    assert busy.others(own=1) == pytest.approx(1.5, abs=0.01) and busy.others(own=9) == 0
    assert machine.Busy(tmp_path / "none").others(1) is None

    monkeypatch.setattr(machine.Busy, "others", lambda self, own: 1.25)
    with pytest.raises(SystemExit, match=r"other work keeps 1.2 cores busy, expected at most 0.1: .*--loaded"):
        machine.refuse_if_busy(loaded=False, seconds=0)
    machine.refuse_if_busy(loaded=True)
    monkeypatch.setattr(machine.Busy, "others", lambda self, own: 0.05)
    machine.refuse_if_busy(loaded=False, seconds=0)


def test_rows_say_where_they_were_measured(monkeypatch):
    assert (
        machine.vectors({"avx2", "fma", "avx512f", "avx512vl"}) == "AVX-512"
        and machine.vectors({"avx2", "fma"}) == "AVX2"
    )
    cells = machine.cells(0.5)
    assert tuple(cells) == machine.COLUMNS and cells["processor"] and cells["load"] == "0.50"
    assert machine.cells(None)["load"] == ""
