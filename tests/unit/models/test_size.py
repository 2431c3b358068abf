"""Parameters counted from a spec are those of the network that it describes."""

import itertools
import json
from pathlib import Path

import pytest
from mlx.utils import tree_flatten
from score_mlx.data.chem.features import SCHEMES
from score_mlx.models.graphs import size
from score_mlx.models.graphs.model import GraphModel
from score_mlx.models.graphs.spec import ARCHS, CONFIGS, GraphSpec
from score_mlx.system.errors import UserError

ROOT = Path(__file__).parents[3]


def counted(spec: GraphSpec) -> int:
    model = GraphModel(spec, *SCHEMES[spec.features], size.DESCRIPTORS if spec.descriptors else 0)
    return sum(value.size for _, value in tree_flatten(model.trainable_parameters()))


def test_features_are_those_of_the_featurisation():
    assert size.FEATURES == SCHEMES


@pytest.mark.parametrize("arch", ARCHS)
def test_parameters_of_every_network(arch):
    for config, fidelity, head in itertools.product(CONFIGS, ("as_code", "as_text"), GraphSpec.CHOICES["head"]):
        spec = GraphSpec("esol", arch, config, steps=3, head=head, fidelity=fidelity, hidden=16, heads=4)
        assert size.parameters(spec) == counted(spec)
        assert size.parameters(spec.unified()) == counted(spec.unified())


@pytest.mark.parametrize(
    "options",
    [
        {"readout": "sum"}, {"descriptors": True}, {"features": "rigr_chemprop"}, {"learn_dt": True}, {"hidden": 40},
        {"heads": 2}, {"descriptors": True, "fidelity": "as_text"},
    ],
)  # fmt: skip
def test_parameters_of_every_option(options):
    for arch, config in itertools.product(ARCHS, ("base", "SCORE")):
        if "learn_dt" in options and config == "base":
            continue
        spec = GraphSpec("esol", arch, config, **options)
        assert size.parameters(spec) == counted(spec)


def test_parameters_of_committed_records():
    records = sorted((ROOT / "results/reference/runs").glob("*/graphs/*/*/*/run.json"))
    assert len(records) >= 300
    wrong = [
        path
        for path in records
        if json.loads(path.read_text())["parameters"] != size.parameters(GraphSpec.from_path(path))
    ]
    assert wrong == []


@pytest.mark.parametrize("arch", ARCHS)
def test_a_stack_is_narrowed_to_the_nearest_width_that_its_heads_divide(arch):
    wanted = size.parameters(GraphSpec("esol", arch, "SCORE"))
    narrow = size.narrowed(GraphSpec("esol", arch, "base"), wanted)
    assert narrow.hidden % narrow.heads == 0
    assert narrow.hidden < 128
    off = abs(size.parameters(narrow) - wanted)
    for step in (-narrow.heads, narrow.heads):
        other = GraphSpec("esol", arch, "base", hidden=narrow.hidden + step)
        assert off <= abs(size.parameters(other) - wanted)


def test_of_a_plugin_s_network_nothing_is_known():
    spec = GraphSpec("esol", "gcn", "base")
    object.__setattr__(spec, "arch", "sage")
    with pytest.raises(UserError, match="'sage'"):
        size.parameters(spec)
