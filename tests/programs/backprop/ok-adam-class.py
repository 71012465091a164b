import numpy as np

class Adam:
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = params
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = {k: np.zeros_like(v) for k, v in params.items()}
        self.v = {k: np.zeros_like(v) for k, v in params.items()}
        self.t = 0

    def step(self, grads):
        self.t += 1
        for k in self.params:
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * grads[k]
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * grads[k] ** 2
            m_hat = self.m[k] / (1 - self.beta1 ** self.t)
            v_hat = self.v[k] / (1 - self.beta2 ** self.t)
            self.params[k] -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)

def loss_and_grads(p, X, T):
    n = X.shape[0]
    z1 = X @ p["W1"] + p["b1"]
    a1 = np.where(z1 > 0, z1, 0.01 * z1)
    probs = softmax(a1 @ p["W2"] + p["b2"])
    loss = -(T * np.log(probs + 1e-12)).sum() / n
    g = {}
    d2 = (probs - T) / n
    g["W2"] = a1.T @ d2
    g["b2"] = d2.sum(axis=0)
    d1 = (d2 @ p["W2"].T) * np.where(z1 > 0, 1, 0.01)
    g["W1"] = X.T @ d1
    g["b1"] = d1.sum(axis=0)
    return loss, g

rng = np.random.default_rng(3)
X = rng.standard_normal((30, 4))
T = np.eye(3)[rng.integers(0, 3, 30)]
params = {"W1": rng.standard_normal((4, 8)) * 0.5, "b1": np.zeros(8), "W2": rng.standard_normal((8, 3)) * 0.5, "b2": np.zeros(3)}
opt = Adam(params, lr=0.02)
for it in range(40):
    idx = rng.permutation(30)[:10]
    loss, grads = loss_and_grads(params, X[idx], T[idx])
    opt.step(grads)
    if it % 10 == 0:
        print(it, round(float(loss), 6))
