"""A run's path says the run, both ways, and a path or a value that cannot be is refused."""

import itertools

import pytest
from score_mlx.models.graphs.spec import ARCHS, CONFIGS, GraphSpec
from score_mlx.system.errors import UserError

OPTIONS = [
    ({}, "default"),
    ({"steps": 7}, "steps=7"),
    ({"readout": "sum", "head": "mlp"}, "readout=sum,head=mlp"),
    ({"descriptors": True, "fidelity": "as_text"}, "descriptors=true,fidelity=as_text"),
    ({"features": "rigr_chemprop", "epochs": 2, "batch_size": 8}, "features=rigr_chemprop,epochs=2,batch_size=8"),
    ({"learning_rate": 3e-4, "repeat": 4, "seed": 1}, "learning_rate=0.0003,repeat=4,seed=1"),
    ({"hidden": 64, "heads": 2}, "hidden=64,heads=2"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_a_path_is_read_back_to_its_spec(options, text):
    for arch, config in itertools.product(ARCHS, CONFIGS):
        spec = GraphSpec("esol", arch, config, **options)
        assert spec.path("x").as_posix() == f"x/esol/graphs/{arch}/{config}/{text}/run.json"
        assert GraphSpec.from_path(spec.path("/a/b")) == spec


def test_options_of_score_alone():
    spec = GraphSpec("my-data", "gt", "SCORE_skip05", integrator="rk4", learn_dt=True)
    assert GraphSpec.from_path(spec.path()) == spec
    for config in ("skip05", "averaged", "shared"):
        with pytest.raises(UserError, match="belong to SCORE"):
            GraphSpec("esol", "gt", config, integrator="rk4")


def test_update_and_sharing_of_the_six_corners():
    """{stack, one shared block} x {dt = 1, 0.5, 1/K}, K = 5."""
    specs = {config: GraphSpec("esol", "gat", config, steps=5) for config in CONFIGS if config != "classic"}
    assert {config: (spec.recurrent, spec.dt) for config, spec in specs.items()} == {
        "base": (False, 1), "skip05": (False, 0.5), "averaged": (False, 0.2),
        "shared": (True, 1), "SCORE_skip05": (True, 0.5), "SCORE": (True, 0.2),
    }  # fmt: skip


def test_the_unified_form_is_that_of_stacks_which_have_another():
    """A run has one path: where the native stack is SCORE's network with K blocks, it is not called anything else."""
    for arch, config in itertools.product(ARCHS, CONFIGS):
        for fidelity in ("as_code", "as_text"):
            spec = GraphSpec("esol", arch, config, fidelity=fidelity)
            other = spec.unified()
            assert GraphSpec.from_path(other.path()) == other == other.unified()
            differs = not spec.recurrent and (fidelity == "as_code" or arch in ("dmpnn", "attfp", "gt"))
            assert (other != spec) is differs is (other.form == "unified")
    with pytest.raises(UserError, match="one shared block has one form only"):
        GraphSpec("esol", "gt", "shared", form="unified")
    with pytest.raises(UserError, match="a stack of gcn as_text has one form only"):
        GraphSpec("esol", "gcn", "base", fidelity="as_text", form="unified")


def test_integrators_other_than_euler_s_are_not_cut_at_75_epochs():
    """The paper shows no more of them, and without a schedule a longer run begins with the same epochs."""
    assert GraphSpec("esol", "gat", "SCORE", integrator="rk4", epochs=75).cuts() == []
    cut = {"setting": "epochs", "ours": 74, "paper": 75}
    assert GraphSpec("esol", "gat", "SCORE", integrator="heun", epochs=74).cuts() == [cut]
    assert GraphSpec("esol", "gat", "SCORE", epochs=75).cuts() == [{"setting": "epochs", "ours": 75, "paper": 150}]


def test_different_paths():
    paths = {GraphSpec("esol", arch, config).path() for arch in ARCHS for config in CONFIGS}
    assert len(paths) == len(ARCHS) * len(CONFIGS) == 8 * 7


def test_names_of_the_paper():
    names = [GraphSpec("esol", "gcn", config).model for config in CONFIGS]
    assert names == ["gcn", "gcn_classic", "gcn_skip05", "SCORE_gcn", "SCORE_gcn_skip05", "gcn_averaged", "gcn_shared"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("results/runs/esol/graphs/gta/SCORE/default/run.json", "did you mean"),
        ("results/runs/esol/graphs/gat/score/default/run.json", "unknown config"),
        ("results/runs/esol/graphs/gat/SCORE/step=3/run.json", "did you mean 'steps'"),
        ("results/runs/esol/graphs/gat/SCORE/steps=x/run.json", "expected int"),
        ("results/runs/esol/graphs/gat/SCORE/learn_dt=yes/run.json", "expected true or false"),
        ("results/runs/esol/graphs/gat/SCORE/steps=4/run.json", "canonical form 'default'"),
        ("results/runs/esol/graphs/gat/SCORE/head=mlp,readout=sum/run.json", "canonical form 'readout=sum,head=mlp'"),
        ("results/runs/esol/language/gat/SCORE/default/run.json", "expected ..."),
        ("gat/SCORE/default/run.json", "expected ..."),
    ],
)
def test_a_path_that_cannot_be_is_refused(path, says):
    with pytest.raises(UserError) as raised:
        GraphSpec.from_path(path)
    assert says in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"epochs": 0}, {"heads": 3}, {"learning_rate": 0.0}, {"readout": "mean"}, {"repeat": -1}]
)
def test_a_value_that_cannot_be_is_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        GraphSpec("esol", "gat", "SCORE", **wrong)


def test_cuts_name_what_is_below_the_paper():
    assert GraphSpec("esol", "gat", "SCORE", epochs=300).cuts() == []
    assert GraphSpec("esol", "gat", "SCORE", epochs=2, batch_size=16).cuts() == [
        {"setting": "epochs", "ours": 2, "paper": 150},
        {"setting": "batch_size", "ours": 16, "paper": 32},
    ]
