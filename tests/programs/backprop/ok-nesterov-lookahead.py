import numpy as np

rng = np.random.RandomState(2)
X = np.hstack([np.ones((16, 1)), rng.randn(16, 2)])
y = (rng.rand(16) < 0.5).astype(float)
theta = rng.randn(3) * 0.1
velocity = np.zeros(3)
gamma, eta = 0.8, 0.3

def h(theta):
    return 1.0 / (1.0 + np.exp(-X @ theta))

def J(theta):
    p = h(theta)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

def grad(theta):
    return X.T @ (h(theta) - y) / len(y)

for i in range(50):
    ahead = theta - gamma * velocity
    velocity = gamma * velocity + eta * grad(ahead)
    theta = theta - velocity
    if i % 10 == 9:
        print("J = %.6f" % J(theta))
