import numpy as np

rng = np.random.RandomState(21)
X = rng.rand(25, 3)
true_w = np.array([1.5, -2.0, 0.5])
y = X.dot(true_w) + 0.3 + 0.01 * rng.randn(25)

w = np.zeros(3)
bias = 0.0
v_w = np.zeros(3)
v_b = 0.0
mu, alpha = 0.9, 0.05

history = []
for epoch in range(80):
    pred = X.dot(w) + bias
    residual = pred - y
    mse = (residual ** 2).mean()
    history.append(mse)
    gw = 2 * X.T.dot(residual) / len(y)
    gb = 2 * residual.mean()
    v_w = mu * v_w - alpha * gw
    v_b = mu * v_b - alpha * gb
    w = w + v_w
    bias = bias + v_b
print(w, bias, history[-1])
