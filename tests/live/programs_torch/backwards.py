"""Ways to compute gradients: accumulated, of higher order, checkpointed, by transforms of functions."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


def _net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def accumulation():
    """Gradients of several small batches added up before an update."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(8):
        x, y = _batch()
        loss = F.cross_entropy(net(x), y) / 4
        loss.backward()
        if (step + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
    return net


def several_backwards():
    """Two losses, each with its backward pass through the same graph."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        x, y = _batch()
        out = net(x)
        optimizer.zero_grad()
        F.cross_entropy(out, y).backward(retain_graph=True)
        out.square().mean().backward()
        optimizer.step()
    return net


def gradient_penalty():
    """The loss has the norm of a gradient in it."""
    net = _net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(2):
        x, _ = _batch()
        x.requires_grad_()
        out = net(x)
        (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
        loss = out.mean() + (slope.norm(2, dim=1) - 1).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def double_backward():
    """Backward twice, by hand: a Hessian-vector product in the update."""
    w = torch.randn(3, requires_grad=True)
    for _ in range(2):
        x = torch.randn(5, 3)
        loss = (x @ w).pow(4).mean()
        (g,) = torch.autograd.grad(loss, w, create_graph=True)
        (g * g.detach()).sum().backward()
        with torch.no_grad():
            w -= 0.01 * g + 0.001 * w.grad
        w.grad = None
    return [w]


def inner_loop():
    """A step of meta-learning: the loss after an update."""
    w, slow = torch.randn(3, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([w, slow], lr=0.1)
    for _ in range(2):
        x, y = _batch()
        inner = F.cross_entropy(x @ w + slow, y)
        (g,) = torch.autograd.grad(inner, slow, create_graph=True)
        loss = F.cross_entropy(x @ w + (slow - 0.5 * g), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [w, slow]


def checkpointing():
    """Activations that are computed again in the backward pass, in both implementations, with dropout."""
    first, second = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Dropout(0.5)), nn.Sequential(nn.Linear(8, 8), nn.Tanh())
    head = nn.Linear(8, 2)
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters(), *head.parameters()], lr=0.01)
    for _ in range(2):
        x, y = _batch()
        h = checkpoint(first, x.requires_grad_(), use_reentrant=True)
        h = checkpoint(second, h, use_reentrant=False)
        loss = F.cross_entropy(head(h), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([first, second, head])


def functional():
    """torch.func: gradients of functions, per-sample gradients, Jacobians, stateless calls."""
    net = _net()
    weights = {name: p.detach().clone() for name, p in net.named_parameters()}

    def loss_of(weights, x, y):
        return F.cross_entropy(torch.func.functional_call(net, weights, (x[None],)), y[None])

    for _ in range(2):
        x, y = _batch()
        each = torch.func.vmap(torch.func.grad(loss_of), (None, 0, 0))(weights, x, y)
        weights = {name: w - 0.1 * each[name].mean(0) for name, w in weights.items()}
    jacobian = torch.func.jacrev(lambda x: net(x))(torch.ones(3))
    hessian = torch.func.hessian(lambda x: net(x).sum())(torch.ones(3))
    print(jacobian.sum().item(), hessian.sum().item())
    return [*weights.values()]


def ensemble():
    """Several models trained as one by vmap, with an optimizer."""
    nets = [_net() for _ in range(3)]
    weights, _ = torch.func.stack_module_state(nets)
    base = _net().to("meta")
    optimizer = torch.optim.SGD(list(weights.values()), lr=0.1)
    for _ in range(2):
        x, y = _batch()
        out = torch.func.vmap(lambda w, x: torch.func.functional_call(base, w, (x,)), (0, None))(weights, x)
        loss = F.cross_entropy(out.flatten(0, 1), y.repeat(3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return list(weights.values())


def vector_backward():
    """Backward from a tensor with given gradients, from several tensors, and into chosen inputs."""
    w, v = torch.randn(3, 2, requires_grad=True), torch.randn(2, requires_grad=True)
    optimizer = torch.optim.SGD([w, v], lr=0.1)
    for _ in range(2):
        out = torch.randn(4, 3) @ w * v
        optimizer.zero_grad()
        out.backward(torch.ones_like(out) / 4, retain_graph=True)
        torch.autograd.backward([out.sum(), out.mean()], inputs=[v])
        optimizer.step()
    return [w, v]


def functional_training():
    """Training by torch.func: a module called with other weights, which new ones replace."""
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Tanh(), nn.Linear(4, 1))
    weights = {name: p.detach() for name, p in net.named_parameters()}
    x, y = torch.randn(6, 3), torch.randn(6, 1)

    def loss_of(weights):
        return (torch.func.functional_call(net, weights, (x,)) - y).square().mean()

    for _ in range(3):
        gradients, loss = torch.func.grad_and_value(loss_of)(weights)
        weights = {name: each - 0.1 * gradients[name] for name, each in weights.items()}
        print(loss.item())
    return [*weights.values()]


def gradients_of_arguments():
    """torch.func.grad by two arguments of a function, and second derivatives that are no step."""
    w, b = torch.tensor([1.0, -2.0]), torch.tensor(0.5)
    x, y = torch.tensor([[1.0, 2.0], [3.0, 1.0]]), torch.tensor([1.0, 0.0])

    def loss_of(w, b):
        return ((x @ w + b - y) ** 2).mean()

    for _ in range(3):
        to_w, to_b = torch.func.grad(loss_of, argnums=(0, 1))(w, b)
        w, b = w - 0.1 * to_w, b - 0.1 * to_b
    print(torch.func.hessian(loss_of)(w, b).sum().item())
    return [w, b]


PROGRAMS = {
    each.__name__: each
    for each in (
        accumulation,
        several_backwards,
        gradient_penalty,
        double_backward,
        inner_loop,
        checkpointing,
        functional,
        ensemble,
        vector_backward,
        functional_training,
        gradients_of_arguments,
    )
}
