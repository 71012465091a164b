import numpy as np
rng = np.random.RandomState(0)
V = np.zeros(4)
N = np.zeros(4)
for ep in range(30):
    s = ep % 4
    G = s + rng.randn()
    N[s] += 1
    error = G - V[s]
    V[s] += error / N[s]
print(V, error)
