"""The benchmark's models in PyTorch Geometric, with our depth, readout and head in plain PyTorch.

Layers are its own. GATv2, which the paper's code changes, stands on its message passing.
"""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import dropout, elu, leaky_relu, relu
from torch_geometric.nn import (
    AttentiveFP,
    GATConv,
    GCNConv,
    GINEConv,
    MessagePassing,
    TransformerConv,
    global_add_pool,
)
from torch_geometric.utils import softmax

from score_mlx.models.graphs.spec import GraphSpec


def _gcn(hidden: int, bonds: int, heads: int) -> nn.Module:
    return GCNConv(hidden, hidden)


def _gat(hidden: int, bonds: int, heads: int) -> nn.Module:
    return GATConv(hidden, hidden // heads, heads, edge_dim=bonds, dropout=0.1, add_self_loops=False)


class GATv2(MessagePassing):
    """The paper's code's, with a linear V over [x_i, x_j, W_e e] that PyTorch Geometric's GATv2Conv has not.

    V is three matrices that act on atoms and features before anything is gathered, as in ours.
    """

    def __init__(self, hidden: int, bonds: int, heads: int):
        super().__init__(aggr="add", node_dim=0)
        self.heads, self.width = heads, hidden // heads
        self.linear, self.embed = nn.Linear(hidden, hidden, bias=False), nn.Linear(bonds, hidden, bias=False)
        self.mix_source, self.mix_target, self.mix_bond = (nn.Linear(hidden, hidden, bias=False) for _ in range(3))
        self.attend = nn.Parameter(torch.randn(1, heads, self.width) * self.width**-0.5)
        self.bias = nn.Parameter(torch.zeros(hidden))

    def forward(self, h: torch.Tensor, edges: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """(A, H), (2, M), (M, E) -> (A, H)."""
        x = self.linear(h)
        bond = features @ (self.mix_bond.weight @ self.embed.weight).T
        states = {"x": x, "source": self.mix_source(x), "target": self.mix_target(x)}
        return self.propagate(edges, **states, bond=bond) + self.bias

    def message(self, x_j, source_j, target_i, bond, index, ptr, size_i):
        """What each bond brings, (M, H); PyTorch Geometric gathers what ends in _j and _i."""
        mixed = leaky_relu(source_j + target_i + bond, 0.2).view(-1, self.heads, self.width)
        weights = dropout(softmax((mixed * self.attend).sum(-1), index, ptr, size_i), 0.1, self.training)
        return (x_j.view(-1, self.heads, self.width) * weights[..., None]).flatten(1)


def _gine(hidden: int, bonds: int, heads: int) -> nn.Module:
    inner = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
    return GINEConv(inner, edge_dim=bonds)


class GraphTransformer(nn.Module):
    """Attention over all pairs of a molecule's atoms (edges of a complete graph), post-norm, 4x feed-forward."""

    def __init__(self, hidden: int, bonds: int, heads: int):
        super().__init__()
        self.attend = TransformerConv(
            hidden, hidden // heads, heads, edge_dim=bonds + 1, dropout=0.1, root_weight=False
        )
        self.inner, self.outer = nn.Linear(hidden, 4 * hidden), nn.Linear(4 * hidden, hidden)
        self.norm_attention, self.norm_ffn = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(0.1)

    def forward(self, h: torch.Tensor, edges: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """New states (A, H) from states h (A, H), atom pairs (2, P) and the pairs' features (P, bonds + 1)."""
        h = self.norm_attention(h + self.dropout(self.attend(h, edges, features)))
        return self.norm_ffn(h + self.dropout(self.outer(relu(self.inner(h)))))


LAYERS = {
    "gcn": (_gcn, relu),
    "gat": (_gat, leaky_relu),
    "gatv2": (GATv2, leaky_relu),
    "gine": (_gine, relu),
    "gt": (GraphTransformer, None),
}


class MolAttFP(nn.Module):
    """AttentiveFP's readout (Xiong et al. 2020): two rounds of attention over a molecule's atoms, each with a GRU."""

    def __init__(self, hidden: int):
        super().__init__()
        self.align, self.attend = nn.Linear(2 * hidden, 1), nn.Linear(hidden, hidden)
        self.gru, self.dropout = nn.GRUCell(hidden, hidden), nn.Dropout(0.1)

    def forward(self, h: torch.Tensor, owner: torch.Tensor, molecules: int) -> torch.Tensor:
        """Embeddings (B, H) of `molecules` molecules from atoms' states (A, H); owner (A,): each atom's molecule."""
        g = leaky_relu(global_add_pool(h, owner, molecules))
        for _ in range(2):
            logits = leaky_relu(self.align(torch.cat([g[owner], h], dim=-1)))
            attention = softmax(logits, owner, num_nodes=molecules)
            context = elu(global_add_pool(attention * self.attend(self.dropout(h)), owner, molecules))
            g = leaky_relu(self.gru(context, g))
        return g


class ScoreHead(nn.Module):
    """The paper's SCORE-MLP as the head: 128 units, one shared layer applied four times with dt = 1/4."""

    def __init__(self, hidden: int):
        super().__init__()
        self.dropout, self.project = nn.Dropout(0.1), nn.Linear(hidden, 128)
        self.block, self.output = nn.Linear(128, 128), nn.Linear(128, 1)

    def forward(self, g: torch.Tensor) -> torch.Tensor:
        """Predictions (B,) from molecule embeddings (B, H)."""
        x = self.project(self.dropout(g))
        for _ in range(4):
            x = x + (leaky_relu(self.block(x)) - x) / 4
        return self.output(x).squeeze(-1)


class PygModel(nn.Module):
    """Base or SCORE form of an architecture that PyTorch Geometric has a layer for."""

    def __init__(self, spec: GraphSpec, atoms: int, bonds: int):
        super().__init__()
        make, self.act = LAYERS[spec.arch]
        self.steps, self.recurrent, self.arch = spec.steps, spec.recurrent, spec.arch
        self.project = nn.Linear(atoms, spec.hidden)
        count = 1 if spec.recurrent else spec.steps
        self.blocks = nn.ModuleList(make(spec.hidden, bonds, spec.heads) for _ in range(count))
        self.readout, self.head = MolAttFP(spec.hidden), ScoreHead(spec.hidden)

    def forward(self, batch) -> torch.Tensor:
        """Predictions (B,) of a PyTorch Geometric batch of B molecules."""
        h = self.project(batch.x)
        edges, extra = batch.edge_index, () if self.arch == "gcn" else (batch.edge_attr,)
        if self.arch == "gt":
            edges, extra = batch.pair_index, (batch.pair_attr,)
        for t in range(self.steps):
            y = self.blocks[t % len(self.blocks)](h, edges, *extra)
            y = y if self.act is None else self.act(y)
            h = h + (y - h) / self.steps if self.recurrent else y
        h = relu(h) if self.recurrent else h
        return self.head(self.readout(h, batch.batch, batch.num_graphs))


class PygAttentiveFP(nn.Module):
    """PyTorch Geometric's own AttentiveFP, readout and all, with our head."""

    def __init__(self, spec: GraphSpec, atoms: int, bonds: int):
        super().__init__()
        self.body = AttentiveFP(atoms, spec.hidden, spec.hidden, bonds, spec.steps, num_timesteps=2, dropout=0.1)
        self.head = ScoreHead(spec.hidden)

    def forward(self, batch) -> torch.Tensor:
        """Predictions (B,) of a PyTorch Geometric batch of B molecules."""
        return self.head(self.body(batch.x, batch.edge_index, batch.edge_attr, batch.batch))
