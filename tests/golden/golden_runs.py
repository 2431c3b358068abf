"""Tiny training runs whose losses are kept: what every architecture and option computes, in a second.

`make.py` writes them to `graphs.json`, `test_golden.py` computes them again.
"""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
from score_mlx.data.chem.features import featurise
from score_mlx.models.graphs.data import GraphData
from score_mlx.models.graphs.spec import ARCHS, CONFIGS, OWN_FORM, GraphSpec
from score_mlx.models.graphs.task import GraphTask
from score_mlx.runs.science import SCIENCE

STORE = Path(__file__).with_name("graphs.json")

# Made up for these runs: SMILES, target.
MOLECULES = (
    ("C", 0.9),
    ("CCO", 1.1),
    ("c1ccccc1", -1.6),
    ("CC(=O)Oc1ccccc1C(=O)O", -1.7),
    ("CC(C)(C)Cl", -1.2),
    ("C1CCNCC1", 1.0),
    ("N#CC(F)(F)F", -0.4),
    ("OC1CC2CC1C=C2", -0.8),
    ("O", 1.5),
    ("Brc1ccc2ccccc2c1", -4.4),
    ("CCCCCCCC", -5.2),
    ("NCC(=O)O", 0.5),
)
# Adam turns a gradient that is rounding only into a step; small steps keep that below the test's tolerance.
SMALL = {"hidden": 16, "heads": 4, "batch_size": 3, "epochs": 2, "learning_rate": 2e-4}

# Each option's other values, met once by a network that uses it.
VARIANTS = (
    ("gcn", "base", {"readout": "sum", "head": "mlp"}),
    ("gat", "SCORE", {"learn_dt": True}),
    ("gat", "SCORE", {"integrator": "heun"}),
    ("gine", "SCORE_skip05", {"integrator": "midpoint"}),
    ("gatv2", "SCORE", {"integrator": "rk4", "steps": 2}),
    ("gt", "SCORE", {"features": "rigr_chemprop"}),
    ("dmpnn", "base", {"descriptors": True}),
    ("gat", "SCORE", {"descriptors": True}),
    ("gcn", "skip05", {"seed": 43, "repeat": 1}),
    *((arch, config, {"fidelity": "as_text"}) for arch in ("mpnn", "attfp") for config in ("base", "SCORE")),
    ("dmpnn", "SCORE", {"fidelity": "as_text"}),
    ("gat", "classic", {"fidelity": "as_text"}),
    *(("gat", config, {"fidelity": "as_text"}) for config in ("averaged", "shared")),
    *((arch, "averaged", {"fidelity": "as_text", "form": "unified"}) for arch in OWN_FORM),
    ("gat", "skip05", {"form": "unified"}),
    ("mpnn", "base", {"form": "unified"}),
    ("gat", "base", {"head": "mlp_64_32"}),
)


def specs() -> list[GraphSpec]:
    plain = [GraphSpec("golden", arch, config, **SMALL) for arch in ARCHS for config in CONFIGS]
    return plain + [GraphSpec("golden", arch, config, **(SMALL | options)) for arch, config, options in VARIANTS]


def name(spec: GraphSpec) -> str:
    return spec.path("").parent.as_posix()


def compute() -> dict[str, list[float]]:
    """The losses of the steps of two folds over two epochs and each fold's final RMSE, for each spec by name."""
    mx.set_default_device(mx.cpu)  # another device rounds in another way
    return {name(spec): _run(spec) for spec in specs()}


def now() -> dict:
    return {"science": SCIENCE["graphs"], "losses": compute()}


def _run(spec: GraphSpec) -> list[float]:
    task = GraphTask(spec, _data(spec), [0, 1])
    replicas, values = task.replicas(), []
    for epoch in range(spec.epochs):
        for arrays, keys, loss in task.batches(epoch):
            losses = replicas.step(loss, arrays, keys)
            mx.eval(replicas.flat, losses)
            values += losses.tolist()
    return [float(f"{value:.6g}") for value in (*values, *task.measure(replicas)["rmse"])]


def _data(spec: GraphSpec) -> GraphData:
    smiles, targets = zip(*MOLECULES, strict=True)
    graphs = featurise(smiles, spec.features, processes=1)
    # made up too: what RDKit's release computes is not what is tested here
    values = np.random.default_rng(0).lognormal(size=(len(smiles), 5)) if spec.descriptors else None
    return GraphData(
        info={"name": "golden"},
        graphs=graphs,
        targets=np.array(targets),
        folds=np.arange(len(smiles)) % 2,
        descriptors=values,
    )
