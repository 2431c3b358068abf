"""The benchmark's models in PyTorch Geometric: its own layers, our depth, readout and head in plain PyTorch."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import elu, leaky_relu, relu
from torch_geometric.nn import GATConv, GCNConv, GINEConv, global_add_pool
from torch_geometric.utils import softmax

from score_mlx.graphs.spec import GraphSpec


def _gcn(hidden: int, bonds: int, heads: int) -> nn.Module:
    return GCNConv(hidden, hidden)


def _gat(hidden: int, bonds: int, heads: int) -> nn.Module:
    return GATConv(hidden, hidden // heads, heads, edge_dim=bonds, dropout=0.1, add_self_loops=False)


def _gine(hidden: int, bonds: int, heads: int) -> nn.Module:
    inner = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
    return GINEConv(inner, edge_dim=bonds)


# Not GATv2: PyTorch Geometric's has no matrix over the concatenation, as the paper's code has.
LAYERS = {"gcn": (_gcn, relu), "gat": (_gat, leaky_relu), "gine": (_gine, relu)}


class MolAttFP(nn.Module):
    def __init__(self, hidden: int):
        super().__init__()
        self.align, self.attend = nn.Linear(2 * hidden, 1), nn.Linear(hidden, hidden)
        self.gru, self.dropout = nn.GRUCell(hidden, hidden), nn.Dropout(0.1)

    def forward(self, h: torch.Tensor, owner: torch.Tensor, molecules: int) -> torch.Tensor:
        g = leaky_relu(global_add_pool(h, owner, molecules))
        for _ in range(2):
            logits = leaky_relu(self.align(torch.cat([g[owner], h], dim=-1)))
            attention = softmax(logits, owner, num_nodes=molecules)
            context = elu(global_add_pool(attention * self.attend(self.dropout(h)), owner, molecules))
            g = leaky_relu(self.gru(context, g))
        return g


class PygModel(nn.Module):
    """Base or SCORE form of an architecture that PyTorch Geometric has a layer for."""

    def __init__(self, spec: GraphSpec, atoms: int, bonds: int):
        super().__init__()
        make, self.act = LAYERS[spec.arch]
        self.steps, self.recurrent, self.plain = spec.steps, spec.recurrent, spec.arch == "gcn"
        self.project = nn.Linear(atoms, spec.hidden)
        count = 1 if spec.recurrent else spec.steps
        self.blocks = nn.ModuleList(make(spec.hidden, bonds, spec.heads) for _ in range(count))
        self.readout = MolAttFP(spec.hidden)
        self.dropout, self.head_in = nn.Dropout(0.1), nn.Linear(spec.hidden, 128)
        self.head_block, self.head_out = nn.Linear(128, 128), nn.Linear(128, 1)

    def forward(self, batch) -> torch.Tensor:
        h = self.project(batch.x)
        for t in range(self.steps):
            block = self.blocks[t % len(self.blocks)]
            extra = () if self.plain else (batch.edge_attr,)
            y = self.act(block(h, batch.edge_index, *extra))
            h = h + (y - h) / self.steps if self.recurrent else y
        h = relu(h) if self.recurrent else h
        x = self.head_in(self.dropout(self.readout(h, batch.batch, batch.num_graphs)))
        for _ in range(4):
            x = x + (leaky_relu(self.head_block(x)) - x) / 4
        return self.head_out(x).squeeze(-1)
