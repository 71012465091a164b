"""Ways to update: every optimizer, closures, schedulers, no optimizer at all."""

from __future__ import annotations

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


def _net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def _train(net, optimizer, steps: int = 2):
    for _ in range(steps):
        x, y = _batch()
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()


def every_optimizer():
    """Each optimizer with settings that use all its terms, in each of its implementations."""
    trained = []
    for make in (
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.1, weight_decay=0.01),
        lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, fused=True),
        lambda p: torch.optim.Adam(p, amsgrad=True, weight_decay=0.01, foreach=True),
        lambda p: torch.optim.Adam(p, fused=True, maximize=True),
        lambda p: torch.optim.AdamW(p, foreach=False),
        lambda p: torch.optim.NAdam(p),
        lambda p: torch.optim.RAdam(p, foreach=True),
        lambda p: torch.optim.Adamax(p),
        lambda p: torch.optim.Adadelta(p, foreach=True),
        lambda p: torch.optim.Adagrad(p, lr_decay=0.1),
        lambda p: torch.optim.ASGD(p),
        lambda p: torch.optim.RMSprop(p, momentum=0.9, centered=True, foreach=True),
        lambda p: torch.optim.Rprop(p),
        lambda p: torch.optim.Muon([each for each in p if each.ndim == 2]),
        lambda p: torch.optim.Adafactor(p),
    ):
        net = _net()
        _train(net, make(list(net.parameters())))
        trained += net.parameters()
    return trained


def lbfgs():
    """An optimizer that calls the program back."""
    net = _net()
    optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe")
    x, y = _batch()

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        return loss

    for _ in range(2):
        print(optimizer.step(closure).item())
    return net


def closure_sgd():
    """A closure that is called once."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = net(torch.ones(1, 3)).square().sum()
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)
    return net


def schedulers():
    """Schedulers by step and by loss, groups with settings of their own, a group that is added later."""
    net, extra = _net(), nn.Linear(2, 2)
    groups = [{"params": net[0].parameters(), "lr": 0.2}, {"params": net[2].parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.5)
    warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=2)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    for step in range(3):
        x, y = _batch()
        loss = F.cross_entropy(extra(net(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm.step()
        plateau.step(loss.item())
        if step == 0:
            optimizer.add_param_group({"params": extra.parameters(), "lr": 0.01})
        print(optimizer.param_groups[0]["lr"])
    return nn.ModuleList([net, extra])


def tensor_learning_rate():
    """A learning rate that is a tensor."""
    net = _net()
    _train(net, torch.optim.Adam(net.parameters(), lr=torch.tensor(0.01), foreach=False))
    return net


def onecycle_warm_start():
    """One cycle, with momentum cycled too; a state that is saved and loaded between steps."""
    net = _net()
    optimizer = torch.optim.Adam(net.parameters())
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=6)
    for step in range(4):
        x, y = _batch()
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step == 1:
            state = copy.deepcopy(optimizer.state_dict())
            weights = copy.deepcopy(net.state_dict())
            net.load_state_dict(weights)
            optimizer.load_state_dict(state)
    return net


def no_optimizer():
    """Updates by hand under no_grad, gradients that are zeroed."""
    w, b = torch.randn(3, 2, requires_grad=True), torch.zeros(2, requires_grad=True)
    for _ in range(3):
        x, y = _batch()
        loss = F.cross_entropy(x @ w + b, y)
        loss.backward()
        with torch.no_grad():
            for p in (w, b):
                p -= 0.1 * p.grad
                p.grad.zero_()
    return [w, b]


def new_tensors_each_step():
    """Updates that make new tensors."""
    w = torch.randn(3, 2, requires_grad=True)
    for _ in range(3):
        x, y = _batch()
        (grad,) = torch.autograd.grad(F.cross_entropy(x @ w, y), w)
        w = (w - 0.1 * grad).detach().requires_grad_()
    return [w]


def freezing():
    """A frozen layer that is thawed, and a parameter that gets no gradient."""
    net, unused = _net(), nn.Linear(2, 2)
    net[0].requires_grad_(False)
    optimizer = torch.optim.Adam([*net.parameters(), *unused.parameters()], lr=0.01)
    for step in range(3):
        if step == 1:
            net[0].requires_grad_(True)
        x, y = _batch()
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([net, unused])


def own_optimizer():
    """An optimizer of the program's own."""

    class Signs(torch.optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if not state:
                        state["mean"] = torch.zeros_like(p)
                    state["mean"].lerp_(p.grad, 0.1)
                    p.add_(state["mean"].sign(), alpha=-group["lr"])

    net = _net()
    _train(net, Signs(net.parameters(), 0.01), 3)
    return net


PROGRAMS = {
    each.__name__: each
    for each in (
        every_optimizer,
        lbfgs,
        closure_sgd,
        schedulers,
        tensor_learning_rate,
        onecycle_warm_start,
        no_optimizer,
        new_tensors_each_step,
        freezing,
        own_optimizer,
    )
}
