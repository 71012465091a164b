"""Models: attention, convolution, recurrence, normalization, embeddings."""

from __future__ import annotations

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    """A block of a transformer, as in GPT."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1))
        self.heads = heads

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).split(c, dim=2)
        q, k, v = (each.view(b, t, self.heads, c // self.heads).transpose(1, 2) for each in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).contiguous().view(b, t, c))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """A small GPT with tied weights."""

    def __init__(self, words: int = 11, width: int = 8, heads: int = 2, layers: int = 2, length: int = 6) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(words, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, words, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, tokens, targets):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.norm(x))
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


def gpt():
    """A GPT-like model with tied embeddings, AdamW with groups, and clipped gradients."""
    model = GPT()
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=1e-2)
    for step in range(2):
        tokens = torch.randint(0, 11, (2, 6))
        _, loss = model(tokens, tokens.roll(-1, 1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        print(step, loss.item())
    return model


def encoder():
    """PyTorch's own transformer layer."""
    layer = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, enable_nested_tensor=False)
    optimizer = torch.optim.Adam(layer.parameters(), lr=1e-2)
    for _ in range(2):
        x = torch.randn(2, 5, 8)
        loss = (layer(x, mask=nn.Transformer.generate_square_subsequent_mask(5), is_causal=True) - x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    layer.eval()
    with torch.no_grad():  # the fast path of evaluation
        print(layer(torch.ones(1, 5, 8)).sum().item())
    return layer


def vae():
    """A variational autoencoder."""
    encode, decode = nn.Linear(6, 4), nn.Linear(2, 6)
    optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters()], lr=1e-2)
    for _ in range(2):
        x = torch.rand(5, 6)
        mu, logvar = encode(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        recon = torch.sigmoid(decode(z))
        bce = F.binary_cross_entropy(recon, x, reduction="sum")
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        optimizer.zero_grad()
        (bce + kld).backward()
        optimizer.step()
    return nn.ModuleList([encode, decode])


def diffusion():
    """A step of denoising diffusion."""
    net = nn.Sequential(nn.Linear(3, 16), nn.SiLU(), nn.Linear(16, 2))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    betas = torch.linspace(1e-4, 0.02, 10)
    alphas = torch.cumprod(1 - betas, 0)
    for _ in range(2):
        x0, t = torch.randn(8, 2), torch.randint(0, 10, (8,))
        noise = torch.randn_like(x0)
        a = alphas[t][:, None]
        xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
        loss = F.mse_loss(net(torch.cat([xt, t[:, None] / 10], 1)), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


class Residual(nn.Module):
    """A residual block with batch normalization and in-place activations."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.GroupNorm(2, channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x
        return self.relu(y)


def resnet():
    """Convolutions with residuals, pooling, label smoothing, momentum; evaluated after each step."""
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), Residual(4), nn.MaxPool2d(2), Residual(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    for _ in range(2):
        net.train()
        x, y = torch.randn(4, 1, 8, 8), torch.randint(0, 3, (4,))
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        net.eval()
        with torch.no_grad():
            print((net(x).argmax(1) == y).float().mean().item())
    return [*net.parameters(), *net.buffers()]


def deconvolution():
    """Transposed and grouped convolutions, interpolation, reflection padding."""
    net = nn.Sequential(
        nn.Conv1d(2, 4, 3, groups=2, padding=1, padding_mode="reflect"), nn.PReLU(), nn.ConvTranspose1d(4, 2, 4, stride=2),
        nn.Upsample(scale_factor=2), nn.InstanceNorm1d(2, affine=True),
    )  # fmt: skip
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-2)
    for _ in range(2):
        loss = net(torch.randn(2, 2, 6)).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def rnn_packing():
    """A recurrent network on packed sequences."""
    embed, rnn, head = nn.Embedding(10, 4, padding_idx=0), nn.GRU(4, 5, batch_first=True, bidirectional=True), nn.Linear(10, 2)
    optimizer = torch.optim.Adam([*embed.parameters(), *rnn.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(2):
        sequences = [torch.randint(1, 10, (n,)) for n in (5, 3, 2)]
        padded = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
        packed = nn.utils.rnn.pack_padded_sequence(embed(padded), torch.tensor([5, 3, 2]), batch_first=True)
        out, hidden = rnn(packed)
        unpacked, _ = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        loss = F.cross_entropy(head(unpacked[:, 0]), torch.tensor([0, 1, 1])) + hidden.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([embed, rnn, head])


def lstm_cells():
    """LSTM cells called step by step, with hidden states kept and detached (truncated backpropagation)."""
    cell, head = nn.LSTMCell(3, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*cell.parameters(), *head.parameters()], lr=0.1)
    h, c = torch.zeros(2, 4), torch.zeros(2, 4)
    for _ in range(2):
        h, c = h.detach(), c.detach()
        loss = 0
        for _ in range(3):
            h, c = cell(torch.randn(2, 3), (h, c))
            loss = loss + head(h).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([cell, head])


def lstm_layers():
    """Two layers of an LSTM in one operation."""
    rnn, head = nn.LSTM(3, 5, num_layers=2, batch_first=True, dropout=0.2), nn.Linear(5, 1)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-2)
    for _ in range(2):
        out, (h, c) = rnn(torch.randn(2, 4, 3))
        loss = head(out[:, -1]).square().mean() + c.mean() + h[0].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([rnn, head])


def embedding_bag():
    """Bags of words, with sparse gradients in one of them."""
    bag, sparse, head = nn.EmbeddingBag(10, 4, mode="mean"), nn.Embedding(10, 4), nn.Linear(4, 2)
    optimizer = torch.optim.SGD([*bag.parameters(), *sparse.parameters(), *head.parameters()], lr=0.1)
    for _ in range(2):
        words, offsets = torch.randint(0, 10, (8,)), torch.tensor([0, 3, 5])
        loss = F.cross_entropy(head(bag(words, offsets) + sparse(words[:3])), torch.tensor([0, 1, 0]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return nn.ModuleList([bag, sparse, head])


def einsum_moe():
    """A mixture of experts: einsum, top-k, scatter, boolean masks."""
    gate, experts = nn.Linear(4, 3), nn.Parameter(torch.randn(3, 4, 4) / 2)
    optimizer = torch.optim.Adam([*gate.parameters(), experts], lr=1e-2)
    for _ in range(2):
        x = torch.randn(6, 4)
        weights, chosen = gate(x).softmax(-1).topk(2)
        dense = torch.zeros(6, 3).scatter(1, chosen, weights)
        y = torch.einsum("be,bi,eij->bj", dense, x, experts)
        loss = y[x > 0].square().mean() + torch.where(y > 0, y, 0.1 * y).var(dim=1, unbiased=False).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [*gate.parameters(), experts]


def spectral():
    """Parametrizations and Fourier transforms: complex numbers in between."""
    parametrizations = nn.utils.parametrizations
    net = nn.Sequential(parametrizations.spectral_norm(nn.Linear(4, 4)), parametrizations.weight_norm(nn.Linear(4, 4)))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(2):
        y = torch.fft.rfft(net(torch.randn(3, 4)))
        loss = (y.real.square() + y.imag.square()).mean() + y.abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


PROGRAMS = {
    each.__name__: each
    for each in (
        gpt,
        encoder,
        vae,
        diffusion,
        resnet,
        deconvolution,
        rnn_packing,
        lstm_cells,
        lstm_layers,
        embedding_bag,
        einsum_moe,
        spectral,
    )
}
