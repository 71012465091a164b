"""A variational autoencoder in PyTorch: noise is scaled and shifted, so gradients reach the mean and the spread it has."""

import torch
from torch import nn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4)
        self.decoder = nn.Linear(2, 4)

    def forward(self, x):
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        latent = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decoder(latent), mean, log_variance


torch.manual_seed(0)
circle = torch.linspace(0, 6, 8)
x = torch.stack([circle.sin(), circle.cos(), -circle.sin(), -circle.cos()], dim=1)
model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

for epoch in range(10):
    optimizer.zero_grad()
    rebuilt, mean, log_variance = model(x)
    distance = ((rebuilt - x) ** 2).sum(dim=1).mean()
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
    loss = distance + 0.1 * divergence
    loss.backward()
    optimizer.step()

print(f"loss {loss.item():.4f}")
