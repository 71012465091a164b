"""What programs add to PyTorch: functions with their own derivative, hooks, compiled and scripted functions, profiling."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F


def _net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def compiled():
    """torch.compile, which runs operation by operation while recorded."""
    net = _net()
    step = torch.compile(lambda x, y: F.cross_entropy(net(x), y), backend="eager")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        loss = step(*_batch())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def scripted():
    """A scripted function."""
    w = torch.randn(3, 3, requires_grad=True)

    for _ in range(3):
        loss = _scripted(torch.ones(2, 3), w)
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return [w]


@torch.jit.script
def _scripted(x, w):
    return (x @ w).sin().square().mean()


class Cube(torch.autograd.Function):
    """A custom function with a saved input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Split(torch.autograd.Function):
    """A custom function with two results, one of which has no gradient, and an option."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        mask = x > 0
        ctx.mark_non_differentiable(mask)
        ctx.save_for_backward(mask)
        return x * mask * factor, mask

    @staticmethod
    def backward(ctx, g, _):
        (mask,) = ctx.saved_tensors
        return g * mask * ctx.factor, None


def custom_functions():
    """Functions with a derivative of their own; one reverses gradients."""

    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

        @staticmethod
        def backward(ctx, g):
            return -g

    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for _ in range(2):
        x, y = _batch()
        h = Cube.apply(net[0](x))
        kept, mask = Split.apply(h, 2.0)
        loss = F.cross_entropy(net[2](Reverse.apply(kept)), y) + mask.float().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def _double(p):
    p.grad.mul_(2)


def hooks():
    """Hooks on tensors, modules and gradients, some of which change what passes."""
    net = _net()
    seen = []
    handles = [
        net[0].register_forward_hook(lambda module, inputs, out: out * 1.5),
        net[2].register_forward_pre_hook(lambda module, inputs: (inputs[0] + 0.1,)),
        net[2].register_full_backward_hook(lambda module, gi, go: seen.append(go[0].norm().item())),
        net[0].weight.register_hook(lambda g: g.clamp(-0.01, 0.01)),
        net[0].bias.register_post_accumulate_grad_hook(_double),
    ]
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        x, y = _batch()
        out = net(x)
        out.register_hook(lambda g: g * 0.5)
        out.retain_grad()
        loss = F.cross_entropy(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(out.grad.norm().item(), len(seen))
    for handle in handles:
        handle.remove()
    return net


def update_in_backward():
    """Parameters that are updated as soon as their gradient is there."""
    net = _net()
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in net.parameters()}

    def update(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in net.parameters():
        p.register_post_accumulate_grad_hook(update)
    for _ in range(2):
        x, y = _batch()
        F.cross_entropy(net(x), y).backward()
    return net


def saved_tensor_hooks():
    """Saved tensors that are packed to another form and back."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        x, y = _batch()
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t + 0):
            loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def anomaly_and_profile():
    """Anomaly detection and the profiler around a step."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        with torch.autograd.detect_anomaly(check_nan=True), torch.profiler.record_function("step"):
            x, y = _batch()
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net


PROGRAMS = {
    each.__name__: each
    for each in (
        compiled,
        scripted,
        custom_functions,
        hooks,
        update_in_backward,
        saved_tensor_hooks,
        anomaly_and_profile,
    )
}
