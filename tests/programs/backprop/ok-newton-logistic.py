import numpy as np

def sigmoid(t):
    return 1 / (1 + np.exp(-t))

rng = np.random.RandomState(10)
X = np.c_[np.ones(30), rng.randn(30, 2)]
y = (rng.rand(30) < sigmoid(X @ np.array([0.3, 1.0, -1.0]))).astype(float)
beta = np.zeros(3)
for iteration in range(6):
    p = sigmoid(X @ beta)
    nll = -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
    gradient = X.T @ (p - y)
    hessian = X.T @ (X * (p * (1 - p))[:, None])
    beta = beta - np.linalg.solve(hessian, gradient)
    print(iteration, nll, np.abs(gradient).max() < 1e-6)
print(beta)
