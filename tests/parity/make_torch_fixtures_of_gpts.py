"""Writes fixtures/gpt_*.npz: what PyTorch makes of the small language models of `gpts.py`.

Written from the description of each model with torch's own attention, norms and losses, in double precision: logits,
the mean loss, and its gradient by every parameter. Parameters carry our names and shapes.

Run where torch and this package are installed: python tests/parity/make_torch_fixtures_of_gpts.py
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent))
from gpts import SPECS, VOCABULARY  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402
from score_mlx.models.language.models import build  # noqa: E402

BATCH, LAST_PAIR = 3, 5 * VOCABULARY - 1


class Parameters(dict):
    """Parameters by name, and those below a prefix."""

    def below(self, prefix: str) -> "Parameters":
        return Parameters({k.removeprefix(prefix + "."): v for k, v in self.items() if k.startswith(prefix + ".")})

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self[f"{name}.weight"], self.get(f"{name}.bias"))

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self[f"{name}.bias"])


def rms(x, eps=1e-6):
    return F.rms_norm(x, x.shape[-1:], eps=eps)


def rotated(x):
    """Pairs (2i, 2i + 1) of place t as a complex number, turned by t 10000^(-2i/D)."""
    length, size = x.shape[-2:]
    angles = torch.outer(torch.arange(length), 1e4 ** (-torch.arange(0, size, 2) / size))
    return torch.view_as_real(
        torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous()) * torch.polar(torch.ones_like(angles), angles)
    ).flatten(-2)


def attention(p, x, heads, scale, normalise=None, window=None, values=None):
    q, k, v = (p.linear(f"qkv.{i}", x).unflatten(-1, (heads, -1)).transpose(1, 2) for i in range(3))
    if normalise:
        q, k = normalise(rotated(q)), normalise(rotated(k))
    if values is not None:
        v = v + values.unflatten(-1, (heads, -1)).transpose(1, 2)
    length = x.shape[1]
    distance = torch.arange(length)[:, None] - torch.arange(length)
    seen = (distance >= 0) & (distance < (window or length))
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=scale)
    return p.linear("out", mixed.transpose(1, 2).flatten(2))


def feedforward(p, x, act):
    if act == "swiglu":
        return p.linear("leave", F.silu(p.linear("enter", x)) * p.linear("gate", x))
    hidden = F.relu(p.linear("enter", x))
    return p.linear("leave", hidden * hidden if act == "relu2" else hidden)


def post_norm(p, x, spec, *_):
    x = p.norm("norm1", x + attention(p, x, spec.heads, spec.width**-0.5))
    return p.norm("norm2", x + feedforward(p.below("feedforward"), x, "relu"))


def modern(p, x, spec, *_):
    scale = (spec.width // spec.heads) ** -0.5
    x = x + attention(p, rms(x), spec.heads, scale, lambda z: F.normalize(z, dim=-1, eps=0))
    return x + feedforward(p.below("feedforward"), rms(x), "relu2")


def challenge(p, x, spec, tokens, t):
    normed, values = rms(x, 1e-5), None
    if "value_table.weight" in p:
        gate = 2 * torch.sigmoid(p.linear("gate", normed[..., :32]))
        values = (p["value_table.weight"][tokens].unflatten(-1, (spec.heads, -1)) * gate[..., None]).flatten(2)
    scale = (spec.width // spec.heads) ** -0.5
    window = spec.context if (t + 1) % 4 == 0 or t == spec.steps * spec.blocks - 1 else spec.context // 2
    x = x + attention(p, normed, spec.heads, scale, lambda z: rms(z, 1e-5), window, values)
    return x + feedforward(p.below("feedforward"), rms(x, 1e-5), spec.feedforward)


BLOCKS = {"nanogpt": post_norm, "nanogptx": modern, "chargpt": modern, "d4": challenge}


def pairs_of(p, tokens):
    rows = (36313 * tokens[:, 1:] ^ 27191 * tokens[:, :-1]) % LAST_PAIR
    return p["pairs.weight"][F.pad(rows, (1, 0), value=LAST_PAIR)]


def logits_of(p, spec, tokens):
    x = p["table.weight"][tokens]
    if spec.arch == "nanogpt":
        x = x + p["positions.weight"][tokens]
    if "mix.x0" in p:
        x = rms(x, 1e-5 if spec.arch == "d4" else 1e-6)
    x0, dt = x, {"base": 1.0, "SCORE": 1 / spec.steps}.get(spec.config, 0.5)
    for t in range(spec.steps * spec.blocks):
        place = f"{t // spec.steps}.blocks.0" if spec.blocks > 1 else "0" if "SCORE" in spec.config else str(t)
        if "mix.x0" in p:
            at = t // spec.steps if spec.arch == "chargpt" and "SCORE" in spec.config else t
            x = p["mix.residual"][at] * x if "mix.residual" in p else x
            x = x + p["mix.x0"][at] * x0 + p["mix.bigram"][at] * pairs_of(p, tokens)
        x = x + dt * (BLOCKS[spec.arch](p.below(f"depth.blocks.{place}"), x, spec, tokens, t) - x)
    if spec.arch == "nanogpt":
        return p.linear("head", p.norm("norm", x))
    return p.linear("head", rms(x, 1e-5 if spec.arch == "d4" else 1e-6))


def main() -> None:
    torch.set_default_dtype(torch.float64)
    for name, spec in SPECS.items():
        rng = np.random.default_rng(7)
        shapes = {key: value.shape for key, value in tree_flatten(build(spec, VOCABULARY, 0).trainable_parameters())}
        # far from the initialisation, so that zeros and ones hide nothing
        given = {key: rng.normal(0, 0.4, shape).astype(np.float32) for key, shape in shapes.items()}
        tokens, targets = rng.integers(0, VOCABULARY, (2, BATCH, spec.context), dtype=np.int32)
        p = Parameters(
            {key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in given.items()}
        )
        logits = logits_of(p, spec, torch.from_numpy(tokens).long())
        capped = 15 * torch.tanh(logits / 15) if spec.arch == "d4" else logits
        loss = F.cross_entropy(capped.flatten(0, 1), torch.from_numpy(targets).long().flatten())
        loss.backward()
        arrays = {
            "tokens": tokens,
            "targets": targets,
            "logits": logits.detach().numpy(),
            "loss": loss.detach().numpy(),
        }
        arrays |= {f"weight.{key}": value for key, value in given.items()}
        arrays |= {f"grad.{key}": value.grad.numpy() for key, value in p.items()}
        arrays = {key: value if value.dtype.kind == "i" else value.astype(np.float32) for key, value in arrays.items()}
        np.savez_compressed(Path(__file__).parent / "fixtures" / f"gpt_{name}.npz", **arrays)
        print(name, loss.item())


if __name__ == "__main__":
    main()
