import numpy as np
rng = np.random.RandomState(0)
w = np.zeros(5)
gamma, lam = (0.9, 0.8)
for ep in range(10):
    s = 2
    z = np.zeros(5)
    loss = 0.0
    for k in range(12):
        s2 = s + (1 if rng.rand() < 0.5 else -1)
        done = s2 in (-1, 5)
        r = 1.0 if s2 == 5 else 0.0
        delta = r + (0 if done else gamma * w[s2]) - w[s]
        z *= gamma * lam
        z[s] += 1
        w += 0.1 * delta * z
        loss += delta ** 2
        if done:
            break
        s = s2
    print(loss)
print(w)
