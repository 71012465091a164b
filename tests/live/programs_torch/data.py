"""Data and what surrounds a step: loaders, workers, threads, validation, checkpoints in files."""

from __future__ import annotations

import io
import threading

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split


class Squares(Dataset):
    """Samples that are computed when asked for."""

    def __len__(self):
        return 12

    def __getitem__(self, i):
        x = torch.arange(3.0) + i
        return x.sin(), (x.sum() % 2).long()


def loader():
    """A shuffled loader of a dataset that computes its samples, and validation after each epoch."""
    train, test = random_split(Squares(), [8, 4])
    net = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    for _ in range(2):
        net.train()
        for x, y in DataLoader(train, batch_size=4, shuffle=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            print(sum(F.cross_entropy(net(x), y).item() for x, y in DataLoader(test, batch_size=2)))
    return net


def workers():
    """A loader with workers."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in DataLoader(Squares(), batch_size=6, num_workers=2):
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def threads():
    """A thread that computes beside the training."""
    net, found = nn.Linear(3, 2), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.ones(6, 3), torch.zeros(6, dtype=torch.long)
    for _ in range(2):
        thread = threading.Thread(target=lambda: found.append(torch.ones(3).sin().sum().item()))
        thread.start()
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        thread.join()
    print(found)
    return net


def saved_and_loaded():
    """Weights that are saved and loaded between steps, and a pickled model."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    loaded = TensorDataset(torch.randn(4, 3), torch.randint(0, 2, (4,)))
    for x, y in DataLoader(loaded, batch_size=2):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        file = io.BytesIO()
        torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, file)
        file.seek(0)
        state = torch.load(file)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
    return net


def policy_gradient():
    """Reinforcement learning: samples from distributions, rewards that are gathered, a loss over an episode."""
    policy = nn.Linear(2, 3)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.1)
    for _ in range(2):
        chances, rewards = [], []
        state = torch.zeros(2)
        for _ in range(3):
            choices = torch.distributions.Categorical(logits=policy(state))
            action = choices.sample()
            chances.append(choices.log_prob(action))
            rewards.append(float(action.item()))
            state = state + torch.distributions.Normal(0.0, 1.0).sample((2,))
        returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        loss = -(torch.stack(chances) * returns).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return policy


def early_forward():
    """Passes before and between steps that are no part of them."""
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    net(torch.randn(4, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        net(torch.randn(4, 3))
        loss = net(torch.randn(4, 3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        net(torch.randn(4, 3)).sum().item()
    return [*net.parameters(), *net.buffers()]


def skipped_update():
    """Batches whose update is left out."""
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(4):
        optimizer.zero_grad()
        loss = net(torch.randn(4, 3)).square().mean()
        loss.backward()
        if step % 2:
            optimizer.step()
    return net


PROGRAMS = {
    each.__name__: each for each in (loader, workers, threads, saved_and_loaded, policy_gradient, early_forward, skipped_update)
}
