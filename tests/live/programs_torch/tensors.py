"""Kinds of tensors: meta, sparse, complex, quantized, subclasses, nested, and modes of the program's own."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def _train(net, inputs, optimizer=None):
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        _, y = _batch()
        loss = F.cross_entropy(net(inputs), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def meta():
    """A model on the meta device, whose shapes are computed and which is then made real."""
    with torch.device("meta"):
        net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    print(net(torch.empty(5, 3, device="meta")).shape)
    net = net.to_empty(device="cpu")
    for p in net.parameters():
        nn.init.constant_(p, 0.1)
    return _train(net, torch.randn(6, 3))


def lazy():
    """Layers whose sizes are known at the first call."""
    net = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2))
    x = torch.randn(6, 3)
    net(x)
    return _train(net, x)


def sparse_gradients():
    """An embedding with sparse gradients."""
    words = nn.Embedding(10, 2, sparse=True)
    optimizer = torch.optim.SparseAdam(words.parameters(), lr=0.1)
    for _ in range(2):
        loss = words(torch.randint(0, 10, (6,))).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return words


def sparse_product():
    """A graph network: a sparse matrix times features."""
    edges = torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])
    adjacency = torch.sparse_coo_tensor(edges, torch.ones(4), (6, 6)).coalesce()
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = _batch()
    for _ in range(2):
        loss = F.cross_entropy(torch.sparse.mm(adjacency, net(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def complex_weights():
    """Complex parameters, conjugates and views as real numbers."""
    w = torch.randn(3, 2, dtype=torch.complex64, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    for _ in range(2):
        z = torch.randn(5, 3).to(torch.complex64) @ w
        loss = (z * z.conj()).real.mean() + torch.view_as_real(z).abs().sum() + z.conj().T.imag.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


def fake_quantization():
    """Quantization in training: rounded weights with gradients that pass straight through."""
    w = torch.randn(3, 2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        x, y = _batch()
        q = torch.fake_quantize_per_tensor_affine(w, 0.1, 0, -8, 7)
        straight = w + ((w * 10).round() / 10 - w).detach()
        loss = F.cross_entropy(x @ q + x @ straight, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


def quantized():
    """A quantized tensor in the data."""
    net = nn.Linear(3, 2)
    x = torch.quantize_per_tensor(torch.randn(6, 3), 0.1, 0, torch.qint8)
    return _train(net, x.dequantize())


def integers_and_bits():
    """Integer, boolean, float64 and float16 tensors, empty tensors, shifts, and scalars of zero dimensions."""
    w = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        flags = torch.tensor([1, 2, 4], dtype=torch.uint8)
        mask = ((flags & 2) > 0) | ((flags >> 2) == 1)
        empty = torch.zeros(0, 3, dtype=torch.float64) @ w
        loss = (mask.double() @ w).sum() + empty.sum() + w.half().double().square().mean() + torch.tensor(2.0) ** 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


class Tagged(torch.Tensor):
    """A subclass without behaviour of its own."""


class Doubled(torch.Tensor):
    """A subclass that sees the functions called on it."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})


def subclasses():
    """Tensors of classes of the program's own."""
    net = nn.Linear(3, 2)
    return _train(net, torch.randn(6, 3).as_subclass(Tagged) + torch.randn(6, 3).as_subclass(Doubled).as_subclass(Tagged))


class Wrapped(torch.Tensor):
    """A subclass that wraps another tensor."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, requires_grad=inner.requires_grad)

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        def unwrap(each):
            return each.inner if isinstance(each, Wrapped) else each

        result = func(*torch.utils._pytree.tree_map(unwrap, args), **torch.utils._pytree.tree_map(unwrap, kwargs or {}))
        return torch.utils._pytree.tree_map(lambda each: Wrapped(each) if isinstance(each, torch.Tensor) else each, result)


def wrapper_subclass():
    """A class of tensors that dispatches by itself."""
    w = torch.randn(3, 2)
    for _ in range(2):
        p = w.clone().requires_grad_()
        x, y = _batch()
        F.cross_entropy(Wrapped(x).inner @ p, y).backward()
        inner = Wrapped(torch.ones(3, 2)) * 2
        w = w - 0.1 * p.grad + inner.inner * 0
    return [w]


class Counting(TorchDispatchMode):
    """A mode that counts."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def own_mode():
    """A dispatch mode of the program's own around a step."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        with Counting():
            x, y = _batch()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return net


def inference():
    """Evaluation in inference mode between steps, generators of the program's own, forked states."""
    net = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(7)
    for _ in range(2):
        x = torch.randn(6, 3, generator=generator)
        with torch.random.fork_rng():
            noise = torch.randn(6, 3)
        loss = net(x + noise).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.inference_mode():
            print(net(x).sum().item(), torch.randperm(4, generator=generator).tolist())
    return net


def nested():
    """Jagged tensors."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        ragged = torch.nested.nested_tensor([torch.randn(2, 3), torch.randn(4, 3)], layout=torch.jagged)
        loss = torch.nested.to_padded_tensor(net(ragged), 0.0).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def shapes_only():
    """A mode in which PyTorch finds out shapes without computing."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        with FakeTensorMode() as mode:
            print(mode.from_tensor(net.weight).detach().T.shape, (torch.empty(2, 3) @ torch.ones(3)).shape)
        loss = net(torch.randn(4, 3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def function_mode():
    """A mode of the program that changes calls of functions."""

    class Doubled(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            return result * 2 if function is torch.relu else result

    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        with Doubled():
            loss = torch.relu(net(torch.randn(4, 3))).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


PROGRAMS = {
    each.__name__: each
    for each in (
        meta,
        lazy,
        sparse_gradients,
        sparse_product,
        complex_weights,
        fake_quantization,
        quantized,
        integers_and_bits,
        subclasses,
        wrapper_subclass,
        own_mode,
        inference,
        nested,
        shapes_only,
        function_mode,
    )
}
