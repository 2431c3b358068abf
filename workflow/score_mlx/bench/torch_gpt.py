"""nanoGPT and the character GPT in PyTorch, stacked, with AdamW: what ours is timed beside."""

# pyright: reportMissingImports=false
# What this file compares with is installed for benchmarks only.
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from score_mlx.models.language.spec import IteratedSpec, LanguageSpec


class Block(nn.Module):
    """A post-norm block of nanoGPT, or a pre-norm one of the character GPT (`modern`)."""

    def __init__(self, spec: LanguageSpec, modern: bool):
        super().__init__()
        width = spec.width
        self.heads, self.dropout, self.modern = spec.heads, spec.dropout, modern
        self.scale = (width // spec.heads) ** -0.5 if modern else width**-0.5
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=modern), nn.Linear(width, width)
        self.enter, self.leave = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = (nn.Identity() if modern else nn.LayerNorm(width) for _ in range(2))

    def forward(self, x: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
        """New states (B, T, width) from states x (B, T, width); turn: rotary angles as complex numbers of modulus 1."""
        if not self.modern:
            x = self.norm1(x + self._drop(self._attention(x, turn)))
            return self.norm2(x + self._drop(self.leave(F.relu(self.enter(x)))))
        x = x + self._drop(self._attention(_rms(x), turn))
        return x + self._drop(self.leave(F.relu(self.enter(_rms(x))) ** 2))

    def _attention(self, x: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        if self.modern:
            q, k = (F.normalize(_rotated(part, turn), dim=-1) for part in (q, k))
        dropout = 0.0 if self.modern else self.dropout
        mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True, scale=self.scale)
        return self.out(mixed.transpose(1, 2).flatten(2))

    def _drop(self, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(x, self.dropout)


class TorchGPT(nn.Module):
    """The whole model; arguments as ours."""

    def __init__(self, spec: LanguageSpec, vocabulary: int):
        super().__init__()
        self.modern = spec.arch == "chargpt"
        self.table, self.head = nn.Embedding(vocabulary, spec.width), nn.Linear(spec.width, vocabulary)
        if not self.modern:
            self.positions, self.norm = nn.Embedding(vocabulary, spec.width), nn.LayerNorm(spec.width)
        self.blocks = nn.ModuleList(Block(spec, self.modern) for _ in range(spec.steps))
        half = spec.width // spec.heads // 2
        angles = torch.outer(torch.arange(spec.context), 1e4 ** (-torch.arange(half) / half))
        self.register_buffer("turn", torch.polar(torch.ones_like(angles), angles))

    def forward(self, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy, nats a token, of targets (B, T) after tokens (B, T)."""
        x = self.table(tokens) if self.modern else self.table(tokens) + self.positions(tokens)
        for block in self.blocks:
            x = block(x, self.turn)
        x = _rms(x) if self.modern else self.norm(x)
        return F.cross_entropy(self.head(x).flatten(0, 1), targets.flatten())


def stepper(spec: IteratedSpec, vocabulary: int) -> Callable[[np.ndarray, np.ndarray], None]:
    """A function that makes one step of training on tokens and targets (B, T)."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = TorchGPT(spec, vocabulary)
    optimizer = torch.optim.AdamW(model.parameters(), spec.learning_rate, weight_decay=0.0, fused=True)

    def step(tokens: np.ndarray, targets: np.ndarray) -> None:
        optimizer.zero_grad()
        model(torch.from_numpy(tokens).long(), torch.from_numpy(targets).long()).backward()
        optimizer.step()

    return step


def _rms(x: torch.Tensor) -> torch.Tensor:
    return F.rms_norm(x, x.shape[-1:], eps=1e-6)


def _rotated(x: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2).contiguous())
    return torch.view_as_real(pairs * turn[: x.shape[-2]]).flatten(-2)
