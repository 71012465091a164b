import numpy as np
rng = np.random.RandomState(0)
W = rng.randn(3, 2) * 0.1
S = rng.randn(40, 3)
for k in range(39):
    s, s2 = (S[k], S[k + 1])
    q = s @ W
    a = int(np.argmax(q))
    r = s.sum()
    target = r + 0.9 * np.max(s2 @ W)
    loss = (target - q[a]) ** 2
    W[:, a] += 0.05 * 2 * (target - q[a]) * s
print(loss)
