"""GCN, GAT, GATv2 and GINE against mlx-graphs' own layers: equal values and gradients on random graphs.

Each of our layers' parameters is turned into the weights of mlx-graphs' layer inside a function that is then
differentiated, so one comparison covers the gradient of every parameter and of the input.
"""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import tiny
from mlx.utils import tree_flatten
from mlx_graphs.nn import GATConv, GATv2Conv, GCNConv, GINConv
from score_mlx.models.graphs.by_degree import ByDegree
from score_mlx.models.graphs.edge_list import EdgeList
from score_mlx.models.graphs.gat import GAT
from score_mlx.models.graphs.gatv2 import GATv2
from score_mlx.models.graphs.gcn import GCN
from score_mlx.models.graphs.gine import GINE
from score_mlx.nn import Noise

HIDDEN, HEADS, BONDS = 8, 2, 3


def gcn(p: dict) -> tuple[nn.Module, bool]:
    layer = GCNConv(HIDDEN, HIDDEN, add_self_loops=True)
    layer.linear.update(p["linear"])
    return layer, False


def gat(p: dict) -> tuple[nn.Module, bool]:
    layer = GATConv(HIDDEN, HIDDEN // HEADS, heads=HEADS, edge_features_dim=BONDS)
    layer.lin_proj.weight, layer.edge_lin_proj.weight = p["linear"]["weight"], p["embed_bond"]["weight"]
    layer.att_src, layer.att_dst, layer.edge_att = p["attend_source"], p["attend_target"], p["attend_bond"]
    layer.bias = p["bias"]
    return layer, True


def gatv2(p: dict) -> tuple[nn.Module, bool]:
    """Theirs adds W_src x_j, W_dst x_i and W_e e and sends W_src x_j: ours with an identity for V's part on x_j."""
    layer = GATv2Conv(HIDDEN, HIDDEN // HEADS, heads=HEADS, edge_features_dim=BONDS)
    layer.W_src.weight = p["linear"]["weight"]
    layer.W_dst.weight = p["mix_target"] @ p["linear"]["weight"]
    layer.edge_lin_proj.weight = p["mix_bond"] @ p["embed_bond"]["weight"]
    layer.att, layer.bias = p["attend"], p["bias"]
    return layer, True


def gine(p: dict) -> tuple[nn.Module, bool]:
    mlp = nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN))
    mlp.layers[0].update(p["inner"])
    mlp.layers[2].update(p["outer"])
    layer = GINConv(mlp, node_features_dim=HIDDEN, edge_features_dim=BONDS)
    layer.edge_projection.update(p["embed_bond"])
    return layer, True


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layout", [ByDegree, EdgeList])
@pytest.mark.parametrize(("ours", "theirs"), [(GCN, gcn), (GAT, gat), (GATv2, gatv2), (GINE, gine)])
def test_equal_to_mlx_graphs(ours, theirs, layout, seed):
    batch = tiny.random_batch(seed, bond_features=BONDS)
    bonds = tiny.topology(batch, layout)
    layer = tiny.shaken(ours(HIDDEN, BONDS, HEADS), seed)
    if ours is GATv2:
        layer.mix_source = mx.eye(HIDDEN)
    rng = np.random.default_rng(seed)
    h, direction = (mx.array(rng.standard_normal((batch.shape.atoms, HIDDEN)), mx.float32) for _ in range(2))
    edges = mx.array(np.stack([batch.arrays["source"], batch.arrays["target"]]))

    def we(parameters, h):
        layer.update(parameters)
        out = layer(h, bonds, Noise(None))
        return (out * direction).sum(), out

    def they(parameters, h):
        reference, takes_bonds = theirs(parameters)
        out = reference(edges, h, bonds.bonds) if takes_bonds else reference(edges, h)
        return (out * direction).sum(), out

    start = layer.parameters()
    (_, our_value), our_gradient = mx.value_and_grad(we, argnums=(0, 1))(start, h)
    (_, their_value), their_gradient = mx.value_and_grad(they, argnums=(0, 1))(start, h)
    np.testing.assert_allclose(np.array(our_value), np.array(their_value), rtol=1e-4, atol=1e-5)
    expected = dict(tree_flatten(their_gradient))
    for name, value in tree_flatten(our_gradient):
        if name.endswith("mix_source"):
            continue  # the identity stands for no weight of theirs
        np.testing.assert_allclose(np.array(value), np.array(expected[name]), rtol=1e-4, atol=1e-4, err_msg=name)
