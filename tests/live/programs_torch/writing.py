"""Memory that is written into: in-place operations, views, `.data`, NumPy arrays that share memory, buffers."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def in_place():
    """In-place operations on results and on views of them."""
    net = nn.Linear(3, 4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        h = net(torch.randn(6, 3))
        h += 1
        h[:, 0] *= 2
        h[:, 1:3].mul_(3.0)
        h[0] = 0.0
        rows = h.unbind(0)
        loss = h.pow(2).mean() + rows[1].sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def views_both_ways():
    """A base that is read through a view that was there before it was written, and a view read after its base was."""
    w = torch.randn(4, 3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        base = torch.zeros(4, 3)
        top, flat = base[:2], base.view(-1)
        base[1:3] = w.detach()[:2] * 2
        flat[::2] += 1
        top.add_(w.detach()[2:])
        columns = w[:, :2] * 1
        columns[0].mul_(top[0, :2])
        loss = (base * w).sum() + flat.square().mean() + base.T[1].sum() + columns.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


def data_attribute():
    """Writes through `.data`, which autograd does not see."""
    net = nn.Linear(3, 2)
    for _ in range(3):
        x, y = _batch()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        for p in net.parameters():
            p.data.add_(p.grad.data, alpha=-0.1)
            p.grad.data.zero_()
        net.weight.data = net.weight.data * 0.99
    return net


def numpy_shares_memory():
    """Parameters, data and targets written through NumPy arrays that share their memory."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    array = np.zeros((4, 3), np.float32)
    x = torch.from_numpy(array)
    shared = net.weight.detach().numpy()
    scale = torch.ones(2)
    for step in range(3):
        array[:] = step + 1
        out = net(x) * scale
        array *= 2
        loss = F.mse_loss(out, x[:, :2].clone())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shared *= 0.9
        scale.numpy()[0] = 0.5
        np.clip(shared, -0.3, 0.3, out=shared)
    return [*net.parameters()]


def buffers():
    """Running means by hand and by layers, in training and evaluation, with validation between steps."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.norm = nn.Linear(3, 2), nn.BatchNorm1d(2, momentum=0.3)
            self.register_buffer("mean", torch.zeros(3))
            self.register_buffer("count", torch.tensor(0))

        def forward(self, x):
            if self.training:
                self.mean.mul_(0.9).add_(x.detach().mean(0), alpha=0.1)
                self.count += 1
            return self.norm(self.fc(x - self.mean))

    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(3):
        net.train()
        x, y = _batch()
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net.eval()
        with torch.no_grad():
            print(F.cross_entropy(net(x), y).item())
    return [*net.parameters(), *net.buffers()]


def out_arguments():
    """Operations with `out=`, copies, fills, swaps, resized memory and `set_`."""
    w = torch.randn(3, 2, requires_grad=True)
    result, total = torch.empty(6, 2), torch.zeros(())
    for _ in range(2):
        x, y = _batch()
        with torch.no_grad():
            torch.matmul(x, w, out=result)
            total.copy_(result.sum())
            torch.add(result, 1, out=result[:])
        loss = F.cross_entropy(x @ w + result, y) + total
        loss.backward()
        with torch.no_grad():
            w.sub_(w.grad, alpha=0.1)
            w[0], w[1] = w[1].clone(), w[0].clone()
            w[2].fill_(0.5)
        w.grad = None
        grown = torch.ones(2)
        grown.resize_(3).zero_()
        total.set_(torch.zeros(()))
    return [w]


def replay_buffer():
    """A ring buffer that is written at places and read at others; index_put_, scatter_, masked writes."""
    net = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    memory, filled = torch.zeros(8, 3), torch.zeros(8, dtype=torch.bool)
    for step in range(3):
        memory[(step * 2) % 8 : (step * 2) % 8 + 2] = torch.randn(2, 3)
        filled[(step * 2) % 8 : (step * 2) % 8 + 2] = True
        batch = memory[filled]
        target = torch.zeros(len(batch), 1).scatter_(0, torch.zeros(1, 1, dtype=torch.long), 1.0)
        memory[torch.tensor([7])] = 1.0
        memory.masked_fill_(memory > 2, 2.0)
        loss = F.mse_loss(net(batch), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def views_of_parameters():
    """Parameters that are views of one flat tensor, and weights that are tied."""
    flat = torch.randn(14)
    a, b = nn.Parameter(flat[:8].view(4, 2)), nn.Parameter(flat[8:].view(2, 3))
    optimizer = torch.optim.SGD([a, b], lr=0.1)
    for _ in range(2):
        x = torch.randn(5, 4)
        loss = ((x @ a @ b).square().mean()) + (a.T @ x.T).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        flat.mul_(0.99)
    return [a, b, flat]


def initializing():
    """A model that is built, initialized and loaded while the recording is on."""
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    nn.init.orthogonal_(net[0].weight)
    nn.init.xavier_uniform_(net[1].weight)
    nn.init.zeros_(net[0].bias)
    other = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    other.load_state_dict(net.state_dict())
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    x, y = _batch()
    loss = F.cross_entropy(other(x), y)
    loss.backward()
    optimizer.step()
    return other


def released_memory():
    """Memory is given back and taken again, as by sharded parameters, while the backward pass still has a tensor in it."""
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        factor = torch.arange(3.0) + 1
        loss = (w * factor).square().sum()
        storage = factor.untyped_storage()
        size = storage.nbytes()
        storage.resize_(0)
        storage.resize_(size)
        factor.data.copy_(torch.arange(3.0) + 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w]


PROGRAMS = {
    each.__name__: each
    for each in (
        in_place,
        views_both_ways,
        data_attribute,
        numpy_shares_memory,
        buffers,
        out_arguments,
        replay_buffer,
        views_of_parameters,
        initializing,
        released_memory,
    )
}
