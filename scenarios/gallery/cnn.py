"""A convolutional network in PyTorch: one filter bank, pooling, and a layer that tells upright bars from flat ones."""

import torch
from torch import nn

torch.manual_seed(0)
y = torch.arange(8) % 2
upright = torch.eye(6)[torch.randint(1, 5, (8,))].unsqueeze(1).expand(8, 6, 6)
bars = torch.where(y.reshape(8, 1, 1) == 1, upright, upright.transpose(1, 2))
x = bars.unsqueeze(1) + 0.1 * torch.randn(8, 1, 6, 6)

model = nn.Sequential(
    nn.Conv2d(1, 2, kernel_size=3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(18, 2),
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)

for epoch in range(10):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()

print(f"loss {loss.item():.4f}")
