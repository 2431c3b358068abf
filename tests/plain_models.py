"""The paper's graph networks once more, in double precision numpy, one molecule and one bond at a time.

Written from the formulas alone: no batching, no padding, no topology, no shared code. Slow and plain on purpose; tests
hold the package equal to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Weights = dict[str, np.ndarray]  # parameters of one module by name, in double precision


@dataclass(frozen=True)
class Molecule:
    """Atoms (n, F), and for each directed bond its source, target and features (E,)."""

    atoms: np.ndarray
    bonds: list[tuple[int, int, np.ndarray]]

    def into(self, i: int) -> list[int]:
        """Indices of the directed bonds that enter atom i."""
        return [k for k, (_, target, _) in enumerate(self.bonds) if target == i]

    def opposite(self, k: int) -> int:
        source, target, _ = self.bonds[k]
        return next(j for j, (s, t, _) in enumerate(self.bonds) if (s, t) == (target, source))


def part(weights: Weights, name: str) -> Weights:
    """The weights of a submodule, `name.` taken off."""
    return {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}


def relu(x):
    return np.maximum(x, 0)


def leaky(x, slope=0.01):
    return np.where(x > 0, x, slope * x)


def elu(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    w = np.exp(x - x.max())
    return w / w.sum()


def linear(w: Weights, x):
    return w["weight"] @ x + w.get("bias", 0)


def layer_norm(w: Weights, x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * w["weight"] + w["bias"]


def gru(w: Weights, x, h):
    xr, xz, xn = np.split(linear(part(w, "from_input"), x), 3)
    hr, hz, hn = np.split(linear(part(w, "from_state"), h), 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return (1 - z) * np.tanh(xn + r * hn) + z * h


# -- blocks: (weights, state (n, H), molecule, heads) -> (n, H) --------------------------------------------------------
def gcn(w, h, mol, heads):
    x = [linear(part(w, "linear"), row) for row in h]
    size = [1 + len(mol.into(i)) for i in range(len(h))]  # degree with the loop
    out = []
    for i in range(len(h)):
        total = x[i] / size[i]
        for k in mol.into(i):
            j = mol.bonds[k][0]
            total = total + x[j] / np.sqrt(size[i] * size[j])
        out.append(total)
    return np.array(out)


def gat(w, h, mol, heads):
    x = np.array([w["linear.weight"] @ row for row in h]).reshape(len(h), heads, -1)
    out = np.zeros(x.shape)
    for i in range(len(h)):
        into = mol.into(i)
        for head in range(heads):
            logits = []
            for k in into:
                j, _, e = mol.bonds[k]
                bond = (w["embed_bond.weight"] @ e).reshape(heads, -1)[head]
                logit = w["attend_source"][0, head] @ x[j, head] + w["attend_target"][0, head] @ x[i, head]
                logits.append(leaky(logit + w["attend_bond"][0, head] @ bond, 0.2))
            for alpha, k in zip(softmax(np.array(logits)) if into else [], into, strict=True):
                out[i, head] += alpha * x[mol.bonds[k][0], head]
    return out.reshape(len(h), -1) + w["bias"]


def gatv2(w, h, mol, heads):
    x = np.array([w["linear.weight"] @ row for row in h])
    mix = np.concatenate([w["mix_target"], w["mix_source"], w["mix_bond"]], axis=1)  # acts on [x_i, x_j, W_e e]
    out = np.zeros((len(h), heads, x.shape[1] // heads))
    for i in range(len(h)):
        into = mol.into(i)
        scores = []
        for k in into:
            j, _, e = mol.bonds[k]
            mixed = leaky(mix @ np.concatenate([x[i], x[j], w["embed_bond.weight"] @ e]), 0.2).reshape(heads, -1)
            scores.append((mixed * w["attend"][0]).sum(axis=1))
        for head in range(heads):
            for alpha, k in zip(softmax(np.array(scores)[:, head]) if into else [], into, strict=True):
                out[i, head] += alpha * x[mol.bonds[k][0]].reshape(heads, -1)[head]
    return out.reshape(len(h), -1) + w["bias"]


def gine(w, h, mol, heads):
    out = []
    for i in range(len(h)):
        total = h[i].copy()
        for k in mol.into(i):
            j, _, e = mol.bonds[k]
            total += relu(h[j] + linear(part(w, "embed_bond"), e))
        out.append(linear(part(w, "outer"), relu(linear(part(w, "inner"), total))))
    return np.array(out)


def mpnn(w, h, mol, heads):
    first = {"weight": np.concatenate([w["source"], w["target"], w["bond"]], axis=1), "bias": w["bias"]}
    out = np.zeros(h.shape)
    for source, target, e in mol.bonds:
        inner = relu(linear(first, np.concatenate([h[source], h[target], e])))
        out[target] += linear(part(w, "outer"), inner)
    return out


def additive_mpnn(w, h, mol, heads):
    return h + mpnn(w, h, mol, heads)


def bond_start(w, x, mol):
    """[x_source, e] -> (M, H)."""
    whole = {"weight": np.concatenate([w["atom"], w["bond"]], axis=1), "bias": w["bias"]}
    rows = [leaky(linear(whole, np.concatenate([x[source], e]))) for source, _, e in mol.bonds]
    return np.array(rows).reshape(len(mol.bonds), len(w["bias"]))


def bond_step(w, messages, start, mol):
    out = np.zeros(messages.shape)
    for k, (source, _, _) in enumerate(mol.bonds):
        m = sum((messages[j] for j in mol.into(source) if j != mol.opposite(k)), np.zeros(messages.shape[1]))
        out[k] = leaky(linear(part(w, "linear"), m) + start[k])
    return out


def atom_output(w, messages, x, mol):
    rows = []
    for i in range(len(x)):
        total = sum((messages[k] for k in mol.into(i)), np.zeros(messages.shape[1]))
        rows.append(leaky(linear(part(w, "linear"), np.concatenate([total, x[i]]))))
    return np.array(rows)


def dmpnn(w, h, mol, heads):
    start = bond_start(part(w, "start"), h, mol)
    return atom_output(part(w, "output"), bond_step(part(w, "step"), start, start, mol), h, mol)


neighbours = bond_start  # the same formula: leaky(W [x_j, e] + b)


def frozen_attfp(w, h, near, mol):
    align = np.concatenate([w["align_state"], w["align_neighbour"]], axis=1)
    out = []
    for i in range(len(h)):
        into = mol.into(i)
        total = np.zeros(h.shape[1])
        if into:
            logits = [leaky(align[0] @ np.concatenate([h[i], near[k]]) + w["align_bias"][0]) for k in into]
            for alpha, k in zip(softmax(np.array(logits)), into, strict=True):
                total += alpha * linear(part(w, "attend"), near[k])
        out.append(leaky(gru(part(w, "gru"), elu(total), h[i])))
    return np.array(out)


def attfp(w, h, mol, heads):
    return frozen_attfp(part(w, "layer"), h, neighbours(part(w, "neighbours"), h, mol), mol)


def gt(w, h, mol, heads):
    n, width = len(h), h.shape[1] // heads
    q, k, v = (np.array([linear(part(w, name), row) for row in h]) for name in ("query", "key", "value"))
    bonded = {(target, source): e for source, target, e in mol.bonds}
    out = np.zeros(h.shape)
    for head in range(heads):
        cut = slice(head * width, (head + 1) * width)
        for i in range(n):
            logits, values = [], []
            for j in range(n):
                logit, value = q[i, cut] @ k[j, cut] / np.sqrt(width), v[j, cut]
                if (i, j) in bonded:
                    logit = logit + linear(part(w, "bond_bias"), bonded[i, j])[head]
                    value = value + linear(part(w, "bond_value"), bonded[i, j])[cut]
                logits.append(logit)
                values.append(value)
            out[i, cut] = softmax(np.array(logits)) @ np.array(values)
    rows = []
    for i in range(n):
        x = layer_norm(part(w, "norm_attention"), h[i] + linear(part(w, "output"), out[i]))
        ffn = linear(part(w, "outer"), relu(linear(part(w, "inner"), x)))
        rows.append(layer_norm(part(w, "norm_ffn"), x + ffn))
    return np.array(rows)


# -- readouts and heads ------------------------------------------------------------------------------------------------
def sum_pool(w, h):
    return h.sum(axis=0)


def molattfp(w, h, steps=2):
    g = leaky(h.sum(axis=0))
    align = np.concatenate([w["align_molecule"], w["align_atom"]], axis=1)[0]
    for _ in range(steps):
        attention = softmax(np.array([leaky(align @ np.concatenate([g, row]) + w["align_bias"][0]) for row in h]))
        context = elu(sum(a * linear(part(w, "attend"), row) for a, row in zip(attention, h, strict=True)))
        g = leaky(gru(part(w, "gru"), context, g))
    return g


def mlp(w, x, hidden=3):
    for layer in range(hidden):
        x = leaky(linear(part(w, f"layers.{layer}"), x))
    return linear(part(w, f"layers.{hidden}"), x)


def mlp_64_32(w, x):
    return mlp(w, x, hidden=2)


def score_mlp(w, x, steps=4):
    h = linear(part(w, "project"), x)
    for _ in range(steps):
        h = h + (leaky(linear(part(w, "depth.blocks.0.linear"), h)) - h) / steps
    return linear(part(w, "output"), h)
