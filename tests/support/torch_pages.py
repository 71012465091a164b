"""A PyTorch program with operations of many kinds, for the page: convolution, normalization, attention, embedding, losses."""

from __future__ import annotations

import functools
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from tracer.graph.record import Trace  # noqa: E402
from tracer.torch import record  # noqa: E402


class Model(nn.Module):
    """Images and words, joined."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.embedding = nn.Embedding(5, 8)
        self.layer_norm = nn.LayerNorm(8)
        self.query = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, image: Any, words: Any) -> Any:
        seen = functional.max_pool2d(functional.gelu(self.norm(self.conv(image))), 2).flatten(1)
        read = self.layer_norm(self.embedding(words))
        query = self.query(read)
        attended = functional.scaled_dot_product_attention(query[:, None], read[:, None], read[:, None])[:, 0]
        weighted = functional.softmax(query @ read.transpose(1, 2) / 8**0.5, dim=-1) @ read
        pooled = functional.avg_pool1d(weighted, 2).sum((1, 2))
        return self.head(seen + attended.mean(1) + weighted.sum(1) + functional.silu(pooled)[:, None])


@functools.cache
def run_of_many_operations() -> Trace:
    """A step of it."""
    torch.manual_seed(0)
    model = Model()
    image, words, labels = torch.randn(2, 1, 4, 4), torch.randint(0, 5, (2, 3)), torch.tensor([0, 2])
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    with record(model) as run:
        out = model(image, words)
        loss = functional.cross_entropy(out, labels) + functional.mse_loss(out, torch.ones(2, 3))
        loss = (
            loss
            + functional.binary_cross_entropy_with_logits(out, torch.ones(2, 3))
            + functional.huber_loss(out, torch.zeros(2, 3))
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return run.trace
