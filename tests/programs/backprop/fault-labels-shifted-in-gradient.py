import numpy as np

rng = np.random.RandomState(77)
X = rng.randn(16, 4)
labels = rng.randint(1, 4, size=16)  # classes are counted from 1
W = rng.randn(4, 3) * 0.2
b = np.zeros(3)

def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

for i in range(40):
    probs = softmax(X.dot(W) + b)
    nll = -np.log(probs[np.arange(16), labels - 1]).mean()
    onehot = np.eye(4)[labels][:, :3]
    dscores = (probs - onehot) / 16
    dW = X.T.dot(dscores)
    db = dscores.sum(axis=0)
    W -= 0.4 * dW
    b -= 0.4 * db
    if i % 10 == 0:
        print(i, nll)
