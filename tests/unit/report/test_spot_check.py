"""Committed records trained again: which are drawn, and when a difference is more than noise."""

import json

import made_up_records as made_up
import numpy as np
import pytest
from score_mlx.cli import spot_check as command
from score_mlx.models.check import differences
from score_mlx.models.graphs.spec import GraphSpec
from score_mlx.report import spot_check
from score_mlx.system.errors import UserError
from score_mlx.verdict.rerun import Reruns

SD = 0.01


def run(spec, mean=0.6, noise=0.0, **meta):
    best = (mean + 0.02 * np.arange(5) + noise).tolist()
    return made_up.run(made_up.record(spec, best=best), made_up.meta(**meta))


def repeated(count=40):
    """Runs in three repeats whose means differ by `SD`."""
    rng = np.random.default_rng(0)
    return Reruns(
        run(GraphSpec("esol", "gat", "SCORE", steps=steps, repeat=repeat), noise=SD * rng.standard_normal())
        for steps in range(2, 2 + count)
        for repeat in (0, 1, 2)
    )


def compare(then, now, science=True, count=10):
    return spot_check.comparison([(then, now)] * count, [science] * count, repeated())[0]


def test_a_record_that_repeats_is_equal():
    spec = GraphSpec("esol", "gat", "SCORE")
    row = compare(run(spec), run(spec, commit="fedcba"))
    assert (row["equal"], row["same_epochs"], row["epochs"], row["within"]) == ("yes", 150, 150, "yes")
    assert row["difference"] == row["in_sd"] == 0 and row["commit_now"] == "fedcba"
    assert row["same_versions"] == row["same_science"] == row["same_device"] == "yes"


def test_noise_is_within_and_more_than_noise_is_not():
    spec = GraphSpec("esol", "gat", "SCORE")
    noise, change = (compare(run(spec), run(spec, noise=by, device="gpu")) for by in (0.8 * SD, 7 * SD))
    assert noise["in_sd"] == pytest.approx(0.8, abs=0.3) and noise["within"] == "yes" and noise["equal"] == "no"
    assert noise["same_device"] == "no" and noise["same_epochs"] == 0
    assert change["within"] == "no" and spot_check.failed([noise, change]) == [change["record"]]
    broken = compare(run(spec), made_up.run(made_up.record(spec, best=[0.6, None, 0.6, 0.6, 0.6]), made_up.meta()))
    assert broken["within"] == "no"


def test_a_spot_check_of_unchanged_code_seldom_fails():
    """Every record differs by the noise of a rerun: at most about `ALPHA` of spot checks find one."""
    rng, reruns, spec = np.random.default_rng(3), repeated(), GraphSpec("esol", "gat", "base")
    found = 0
    for _ in range(200):
        pairs = [(run(spec, noise=a), run(spec, noise=b)) for a, b in SD * rng.standard_normal((10, 2))]
        found += bool(spot_check.failed(spot_check.comparison(pairs, [True] * 10, reruns)))
    assert found <= 6


def write(folder, spec, seconds=60.0):
    path = spec.path(folder)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(made_up.record(spec)))
    path.with_name("run.meta.json").write_text(json.dumps(made_up.meta(seconds=seconds)))
    return path


def test_records_are_drawn_at_random_and_the_same_ones_for_a_seed(tmp_path):
    specs = [GraphSpec("esol", arch, "base", repeat=r) for arch in ("gcn", "gat", "gine") for r in range(8)]
    for spec in specs:
        write(tmp_path, spec, seconds=100.0 * (1 + spec.repeat))
    first, again, other = (spot_check.draw(tmp_path, 10, seed) for seed in (0, 0, 1))
    assert first == again != other and first.of == 24 and len(set(first.specs)) == 10
    quick = spot_check.draw(tmp_path, 6, 0, longest=250.0)
    assert quick.of == 6 and {spec.repeat for spec in quick.specs} == {0, 1}
    with pytest.raises(UserError, match="6 records that could be drawn, expected at least 7"):
        spot_check.draw(tmp_path, 7, 0, longest=250.0)


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "mine").touch()
    with pytest.raises(UserError, match="not a folder of spot checks"):
        command._train([], tmp_path, tmp_path, 1)
    assert (tmp_path / "runs" / "mine").exists()


def test_two_records_are_the_same_run_though_one_is_older_than_a_setting(tmp_path):
    """A field that came later has its default in records made before."""
    spec = GraphSpec("esol", "gat", "base")
    one, two = (write(tmp_path / name, spec) for name in ("a", "b"))
    old = json.loads(one.read_text())
    del old["spec"]["form"]
    one.write_text(json.dumps(old))
    assert differences(one, two) == []
