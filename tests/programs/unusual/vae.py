import numpy as np
rng = np.random.RandomState(0)
X = rng.rand(16, 5)
We = rng.randn(5, 4) * 0.3
Wd = rng.randn(2, 5) * 0.3
be = np.zeros(4)
bd = np.zeros(5)
for it in range(30):
    hz = X @ We + be
    mu, lv = (hz[:, :2], hz[:, 2:])
    eps = rng.randn(16, 2)
    z = mu + np.exp(0.5 * lv) * eps
    out = z @ Wd + bd
    recon_loss = np.sum((out - X) ** 2) / 16
    kl_loss = -0.5 * np.sum(1 + lv - mu ** 2 - np.exp(lv)) / 16
    do = 2 * (out - X) / 16
    dWd, dbd = (z.T @ do, do.sum(0))
    dz = do @ Wd.T
    dmu = dz + mu / 16
    dlv = dz * eps * 0.5 * np.exp(0.5 * lv) + 0.5 * (np.exp(lv) - 1) / 16
    dhz = np.hstack([dmu, dlv])
    We -= 0.05 * X.T @ dhz
    be -= 0.05 * dhz.sum(0)
    Wd -= 0.05 * dWd
    bd -= 0.05 * dbd
    print(recon_loss, kl_loss)
