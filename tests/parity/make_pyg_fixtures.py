"""Writes fixtures/torch_*.npz: what PyTorch Geometric's and Chemprop's layers make of a few random graphs.

Each case computes, in double precision, a layer's output and the gradient of sum(output * direction) by the state and
by each parameter. The parameters carry our names and shapes; the case turns them into the other library's.

Run where torch, torch_geometric, chemprop and this package are installed: python tests/parity/make_pyg_fixtures.py
"""

import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from chemprop.nn import BondMessagePassing
from torch.func import functional_call
from torch.nn.functional import elu, leaky_relu
from torch_geometric.nn import GATConv, GATv2Conv, GCNConv, GINEConv, global_add_pool
from torch_geometric.utils import softmax

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import tiny  # noqa: E402

H, HEADS, E, F = 8, 2, 3, 5  # hidden, heads, features of a bond, features of an atom
DEPTH = 3  # Chemprop's: one initialisation and two steps


def linear(name: str, outputs: int, inputs: int, bias: bool = True) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs)} | ({f"{name}.bias": (outputs,)} if bias else {})


GRU = linear("gru.from_input", 3 * H, H) | linear("gru.from_state", 3 * H, H)
ATTEND = (1, HEADS, H // HEADS)


def gcn(p, g):
    """Our bias is propagated like a feature: PyTorch Geometric's layer without bias on [h, 1]."""
    layer = GCNConv(H + 1, H, bias=False)
    weight = torch.cat([p["linear.weight"], p["linear.bias"][:, None]], dim=1)
    ones = torch.ones(len(g.h), 1)
    return functional_call(layer, {"lin.weight": weight}, (torch.cat([g.h, ones], dim=1), g.edges))


def gat(p, g):
    layer = GATConv(H, H // HEADS, heads=HEADS, edge_dim=E, add_self_loops=False)
    names = {"lin.weight": "linear.weight", "lin_edge.weight": "embed_bond.weight", "bias": "bias"}
    names |= {"att_src": "attend_source", "att_dst": "attend_target", "att_edge": "attend_bond"}
    return functional_call(layer, {theirs: p[ours] for theirs, ours in names.items()}, (g.h, g.edges, g.bonds))


def gatv2(p, g):
    """Theirs scores W_l x_j + W_r x_i + W_e e and sends W_l x_j: ours with an identity for V's part on x_j."""
    layer = GATv2Conv(H, H // HEADS, heads=HEADS, edge_dim=E, add_self_loops=False)
    zero = torch.zeros(H)
    theirs = {"lin_l.weight": p["linear.weight"], "lin_r.weight": p["mix_target"] @ p["linear.weight"]}
    theirs |= {"lin_edge.weight": p["mix_bond"] @ p["embed_bond.weight"], "att": p["attend"], "bias": p["bias"]}
    return functional_call(layer, theirs | {"lin_l.bias": zero, "lin_r.bias": zero}, (g.h, g.edges, g.bonds))


def gine(p, g):
    mlp = torch.nn.Sequential(torch.nn.Linear(H, H), torch.nn.ReLU(), torch.nn.Linear(H, H))
    names = {"nn.0": "inner", "nn.2": "outer", "lin": "embed_bond"}
    theirs = {f"{t}.{kind}": p[f"{o}.{kind}"] for t, o in names.items() for kind in ("weight", "bias")}
    return functional_call(GINEConv(mlp, edge_dim=E), theirs, (g.h, g.edges, g.bonds))


def gru(p, x, h):
    names = {"weight_ih": "from_input.weight", "bias_ih": "from_input.bias"}
    names |= {"weight_hh": "from_state.weight", "bias_hh": "from_state.bias"}
    theirs = {name: p[f"gru.{ours}"] for name, ours in names.items()}
    return functional_call(torch.nn.GRUCell(H, H), theirs, (x, h))


def attfp(p, g):
    """The formula in PyTorch Geometric's softmax and pooling and torch's GRU: their AttentiveFP sends x_j, not n_j."""
    source, target = g.edges
    weight = torch.cat([p["neighbours.atom"], p["neighbours.bond"]], dim=1)
    near = leaky_relu(torch.cat([g.h[source], g.bonds], dim=1) @ weight.T + p["neighbours.bias"])
    align = torch.cat([p["layer.align_state"], p["layer.align_neighbour"]], dim=1)
    logits = leaky_relu(torch.cat([g.h[target], near], dim=1) @ align.T + p["layer.align_bias"])
    messages = near @ p["layer.attend.weight"].T + p["layer.attend.bias"]
    total = global_add_pool(softmax(logits, target, num_nodes=len(g.h)) * messages, target, size=len(g.h))
    inner = {name.removeprefix("layer."): value for name, value in p.items()}
    return leaky_relu(gru(inner, elu(total), g.h))


def molattfp(p, g):
    """The molecule part of PyTorch Geometric's AttentiveFP with leaky ReLU for its ReLU.

    There the attention is a GATConv from atoms to molecules. It scores a.(W h), so align = W^T a, without a bias.
    """
    layer = GATConv(H, H, add_self_loops=False, negative_slope=0.01)
    weight = p["attend.weight"]
    solve = torch.linalg.solve(weight.T, torch.cat([p["align_atom"], p["align_molecule"]]).T).T
    theirs = {"lin.weight": weight, "bias": p["attend.bias"]}
    theirs |= {"att_src": solve[None, :1], "att_dst": solve[None, 1:]}
    out = leaky_relu(global_add_pool(g.h, g.molecule))
    edges = torch.stack([torch.arange(len(g.h)), g.molecule])
    for _ in range(2):
        out = leaky_relu(gru(p, elu(functional_call(layer, theirs, ((g.h, out), edges))), out))
    return out


def _chemprop(p) -> BondMessagePassing:
    """Chemprop's module with our parameters, W_h shared over the steps, and [x, sum] for our [sum, x]."""
    module = BondMessagePassing(d_v=F, d_e=E, d_h=H, bias=True, depth=DEPTH, activation=torch.nn.LeakyReLU(0.01))
    state, atom = torch.split(p["output.linear.weight"], [H, F], dim=1)
    theirs = {"W_i.weight": torch.cat([p["start.atom"], p["start.bond"]], dim=1), "W_i.bias": p["start.bias"]}
    theirs |= {f"W_h.{kind}": p[f"step.linear.{kind}"] for kind in ("weight", "bias")}
    theirs |= {"W_o.weight": torch.cat([atom, state], dim=1), "W_o.bias": p["output.linear.bias"]}
    for name, value in theirs.items():  # its methods are called one by one, which functional_call does not do
        owner, kind = name.split(".")
        linear_ = getattr(module, owner)
        delattr(linear_, kind)
        setattr(linear_, kind, value)
    return module


def _bond_graph(g) -> SimpleNamespace:
    return SimpleNamespace(V=g.h, E=g.bonds, edge_index=g.edges, rev_edge_index=g.reverse, batch=g.molecule)


def dmpnn(p, g):
    """Chemprop's steps with its h0 activated: it adds W_i [x, e] to each message, the paper's code act(W_i [x, e])."""
    module, graph = _chemprop(p), _bond_graph(g)
    start = messages = module.tau(module.initialize(graph))
    for _ in range(1, DEPTH):
        messages = module.update(module.message(messages, graph), start)
    total = torch.zeros(len(g.h), H).index_add(0, g.edges[1], messages)
    return module.finalize(total, g.h, None)


def dmpnn_positive(p, g):
    """Chemprop's own forward: where every W_i [x, e] is positive the two are one."""
    return _chemprop(p)(_bond_graph(g))


ATTFP = {"neighbours.atom": (H, H), "neighbours.bond": (H, E), "neighbours.bias": (H,)}
ATTFP |= {"layer.align_state": (1, H), "layer.align_neighbour": (1, H), "layer.align_bias": (1,)}
ATTFP |= linear("layer.attend", H, H) | {f"layer.{name}": shape for name, shape in GRU.items()}
MOLATTFP = {"align_molecule": (1, H), "align_atom": (1, H)} | linear("attend", H, H) | GRU
DMPNN = {"start.atom": (H, F), "start.bond": (H, E), "start.bias": (H,)}
DMPNN |= linear("step.linear", H, H) | linear("output.linear", H, H + F)
GAT = linear("linear", H, H, bias=False) | linear("embed_bond", H, E, bias=False) | {"bias": (H,)}
GATV2 = GAT | {"mix_target": (H, H), "mix_bond": (H, H), "attend": ATTEND}
GAT |= {f"attend_{which}": ATTEND for which in ("source", "target", "bond")}
GINE = linear("embed_bond", H, E) | linear("inner", H, H) | linear("outer", H, H)

CASES = {  # parameters by our names, function, width of the state
    "gcn": (linear("linear", H, H), gcn, H),
    "gat": (GAT, gat, H),
    "gatv2": (GATV2, gatv2, H),
    "gine": (GINE, gine, H),
    "attfp": (ATTFP, attfp, H),
    "molattfp": (MOLATTFP, molattfp, H),
    "dmpnn": (DMPNN, dmpnn, F),
    "dmpnn_positive": (DMPNN, dmpnn_positive, F),
}


def case(name: str, seed: int) -> dict[str, np.ndarray]:
    shapes, function, width = CASES[name]
    graphs = tiny.random_graphs(seed, atom_features=width, bond_features=E)
    rng = np.random.default_rng(seed)
    positive = name.endswith("positive")
    state, bonds = graphs.atoms.astype(np.float64), graphs.bonds.astype(np.float64)
    values = {key: 0.5 * rng.standard_normal(shape) for key, shape in shapes.items()}
    if positive:
        state, bonds = abs(state), abs(bonds)
        values |= {key: abs(value) for key, value in values.items() if key.startswith("start.")}
    p = {key: torch.tensor(value, requires_grad=True) for key, value in values.items()}
    g = SimpleNamespace(
        h=torch.tensor(state, requires_grad=True),
        edges=torch.tensor(np.stack([graphs.source, graphs.target]).astype(np.int64)),
        reverse=torch.tensor(graphs.reverse.astype(np.int64)),
        bonds=torch.tensor(bonds),
        molecule=torch.tensor(np.repeat(np.arange(len(graphs)), np.diff(graphs.atom_offset))),
    )
    out = function(p, g)
    direction = torch.tensor(rng.standard_normal(out.shape))
    (out * direction).sum().backward()
    arrays = {"atom_offset": graphs.atom_offset, "bond_offset": graphs.bond_offset, "reverse": graphs.reverse}
    arrays |= {"source": graphs.source, "target": graphs.target, "bonds": bonds, "state": state}
    arrays |= {"direction": direction.numpy(), "out": out.detach().numpy(), "grad.state": g.h.grad.numpy()}
    arrays |= {f"weight.{key}": value for key, value in values.items()}
    arrays |= {f"grad.weight.{key}": p[key].grad.numpy() for key in values}
    return {key: a.astype(np.float32) if a.dtype == np.float64 else a for key, a in arrays.items()}


def main() -> None:
    torch.set_default_dtype(torch.float64)
    folder = Path(__file__).parent / "fixtures"
    versions = {f"version_{name}": version(name) for name in ("torch", "torch_geometric", "chemprop")}
    for seed, name in enumerate(CASES):
        np.savez_compressed(folder / f"torch_{name}.npz", **case(name, seed), **versions)


if __name__ == "__main__":
    main()
