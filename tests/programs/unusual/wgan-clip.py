import numpy as np
rng = np.random.RandomState(0)
w = rng.randn(1) * 0.01
c = 0.1
g = np.zeros(1)
for it in range(30):
    real = rng.randn(8) + 2
    fake = rng.randn(8) + g
    d_loss = np.mean(fake * w) - np.mean(real * w)
    w = np.clip(w - 0.05 * (np.mean(fake) - np.mean(real)), -c, c)
    g_loss = -np.mean(fake * w)
    g = g - 0.5 * -w
print(g, d_loss, g_loss)
