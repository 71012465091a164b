import numpy as np

rng = np.random.RandomState(6)
data = rng.rand(10, 6)
n_hidden = 3
W = rng.uniform(-0.5, 0.5, (6, n_hidden))
vbias = np.zeros(6)
hbias = np.zeros(n_hidden)

def sigm(a):
    return 1.0 / (1.0 + np.exp(-a))

for epoch in range(20):
    cost = 0.0
    for x in data:
        y = sigm(np.dot(x, W) + hbias)
        z = sigm(np.dot(y, W.T) + vbias)
        cost += -np.sum(x * np.log(z) + (1 - x) * np.log(1 - z))
        L_h2 = z - x
        L_h1 = np.dot(L_h2, W) * y * (1 - y)
        L_W = np.outer(x, L_h1) + np.outer(L_h2, y)
        W -= 0.1 * L_W
        hbias -= 0.1 * L_h1
        vbias -= 0.1 * L_h2
    if epoch % 5 == 0:
        print("epoch", epoch, "cost", cost / len(data))
