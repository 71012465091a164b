import numpy as np

rng = np.random.RandomState(52)
X = rng.rand(20, 3)
T = np.stack([X[:, 0] > 0.5, X[:, 1] > 0.5, X[:, 2] > 0.5], axis=1).astype(float)
Wh, bh = rng.randn(3, 3), rng.randn(3)
Wo, bo = rng.randn(3, 3), rng.randn(3)

def logistic(z):
    return 1 / (1 + np.exp(-z))

cost_history = []
for it in range(60):
    H = logistic(X.dot(Wh) + bh)
    Y = logistic(H.dot(Wo) + bo)
    cost = -np.sum(T * np.log(Y) + (1 - T) * np.log(1 - Y))
    cost_history.append(cost)
    Eo = Y - T
    dWo = H.T.dot(Eo)
    dbo = np.sum(Eo, axis=0)
    Eh = H * (1 - H) * Eo
    dWh = X.T.dot(Eh)
    dbh = np.sum(Eh, axis=0)
    Wo, bo = Wo - 0.05 * dWo, bo - 0.05 * dbo
    Wh, bh = Wh - 0.05 * dWh, bh - 0.05 * dbh
print(cost_history[-1])
