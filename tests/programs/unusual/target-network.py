import numpy as np
rng = np.random.RandomState(0)
W = rng.randn(3, 2) * 0.1
Wt = W.copy()
S = rng.randn(40, 3)
for k in range(39):
    s, s2 = (S[k], S[k + 1])
    q = s @ W
    a = int(np.argmax(q))
    r = s.sum()
    target = r + 0.9 * np.max(s2 @ Wt)
    td = q[a] - target
    loss = 0.5 * td ** 2
    W[:, a] -= 0.05 * td * s
    if k % 5 == 0:
        Wt = W.copy()
print(loss)
