import numpy as np
from scipy import signal
rng = np.random.RandomState(0)
img = rng.randn(6, 6)
target = rng.randn(4, 4)
K = rng.randn(3, 3) * 0.1
b = 0.0
s = np.ones(1)
for i in range(20):
    c = signal.correlate2d(img, K, 'valid') + b
    out = np.tanh(c) * s
    loss = ((out - target) ** 2).sum()
    d = 2 * (out - target)
    ds = (d * np.tanh(c)).sum()
    dc = d * s * (1 - np.tanh(c) ** 2)
    K -= 0.01 * signal.correlate2d(img, dc, 'valid')
    b -= 0.01 * dc.sum()
    s -= 0.01 * ds
print(loss)
