"""Several copies of weights or several models: mixed precision, averages, teachers, adversaries."""

from __future__ import annotations

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F


def _net():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def _batch():
    return torch.randn(6, 3), torch.randint(0, 2, (6,))


def amp_bfloat16():
    """Automatic mixed precision in bfloat16."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        x, y = _batch()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def grad_scaler_float16():
    """Mixed precision in float16 with a scaled loss, one step of which is left out because of infinite gradients."""
    net = _net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**17, growth_interval=2)
    for step in range(4):
        x, y = _batch()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = F.cross_entropy(net(x * (1e5 if step == 1 else 1)), y)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        print(scaler.get_scale())
    return net


def low_precision_weights():
    """Weights in bfloat16, updates in float32 copies."""
    net = _net().to(torch.bfloat16)
    masters = [p.detach().float().requires_grad_() for p in net.parameters()]
    optimizer = torch.optim.Adam(masters, lr=0.01)
    for _ in range(2):
        x, y = _batch()
        loss = F.cross_entropy(net(x.bfloat16()).float(), y)
        net.zero_grad()
        loss.backward()
        for master, p in zip(masters, net.parameters()):
            master.grad = p.grad.float()
        optimizer.step()
        with torch.no_grad():
            for master, p in zip(masters, net.parameters()):
                p.copy_(master)
    return net


def averaged_weights():
    """Stochastic weight averaging and an exponential moving average."""
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    swa = torch.optim.swa_utils.AveragedModel(net)
    ema = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    scheduler = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.05)
    batches = [_batch() for _ in range(3)]
    for x, y in batches:
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        swa.update_parameters(net)
        ema.update_parameters(net)
        scheduler.step()
    torch.optim.swa_utils.update_bn([x for x, _ in batches], swa)
    return [*net.parameters(), *swa.parameters(), *ema.parameters(), *swa.buffers()]


def momentum_teacher():
    """A teacher that follows the student by hand, and a loss of both."""
    student = _net()
    teacher = copy.deepcopy(student).requires_grad_(False)
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
    for _ in range(2):
        x, _ = _batch()
        loss = F.mse_loss(student(x), teacher(x + 0.1 * torch.randn_like(x)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for t, s in zip(teacher.parameters(), student.parameters()):
                t.mul_(0.99).add_(s, alpha=0.01)
    return nn.ModuleList([student, teacher])


def gan():
    """Two models and two optimizers."""
    generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    judge = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    g, d = torch.optim.Adam(generator.parameters(), lr=0.01), torch.optim.Adam(judge.parameters(), lr=0.01)
    bce = nn.BCEWithLogitsLoss()
    for _ in range(2):
        real, fake = torch.randn(6, 2), generator(torch.randn(6, 2))
        d.zero_grad()
        loss_d = bce(judge(real), torch.ones(6, 1)) + bce(judge(fake.detach()), torch.zeros(6, 1))
        loss_d.backward()
        d.step()
        g.zero_grad()
        loss_g = bce(judge(fake), torch.ones(6, 1))
        loss_g.backward()
        g.step()
        print(loss_d.item(), loss_g.item())
    return nn.ModuleList([generator, judge])


def critic_steps():
    """A critic that steps several times for each step of the generator, with weights clipped in place and a gradient penalty."""
    generator, critic = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 4), nn.Softplus(), nn.Linear(4, 1))
    g, d = torch.optim.RMSprop(generator.parameters(), 0.01), torch.optim.RMSprop(critic.parameters(), 0.01)
    for step in range(4):
        real, fake = torch.randn(5, 2), generator(torch.randn(5, 2)).detach()
        mixed = (0.3 * real + 0.7 * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
        d.zero_grad()
        (critic(fake).mean() - critic(real).mean() + (slope.norm(dim=1) - 1).square().mean()).backward()
        d.step()
        for p in critic.parameters():
            p.data.clamp_(-0.5, 0.5)
        if step % 2:
            g.zero_grad()
            (-critic(generator(torch.randn(5, 2))).mean()).backward()
            g.step()
    return nn.ModuleList([generator, critic])


def two_models_one_loss():
    """Two models and two optimizers with one backward pass."""
    first, second = nn.Linear(3, 4), nn.Linear(4, 2)
    a, b = torch.optim.SGD(first.parameters(), 0.1), torch.optim.Adam(second.parameters(), 0.01)
    for _ in range(2):
        x, y = _batch()
        loss = F.cross_entropy(second(first(x).relu()), y)
        a.zero_grad()
        b.zero_grad()
        loss.backward()
        a.step()
        b.step()
    return nn.ModuleList([first, second])


PROGRAMS = {
    each.__name__: each
    for each in (
        amp_bfloat16,
        grad_scaler_float16,
        low_precision_weights,
        averaged_weights,
        momentum_teacher,
        gan,
        critic_steps,
        two_models_one_loss,
    )
}
