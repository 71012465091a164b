import numpy as np

class Net:
    def __init__(self, rng):
        self.rng = rng
        self.W1 = rng.randn(6, 8) * 0.4
        self.b1 = np.zeros((1, 8))
        self.W2 = rng.randn(8, 3) * 0.4
        self.b2 = np.zeros((1, 3))
        self.p_keep = 0.75

    def train_step(self, x, t, lr):
        # forward
        a = x.dot(self.W1) + self.b1
        h = np.maximum(a, 0)
        mask = (self.rng.rand(*h.shape) < self.p_keep) / self.p_keep
        hd = h * mask
        scores = hd.dot(self.W2) + self.b2
        scores -= np.max(scores, axis=1, keepdims=True)
        logp = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        loss = -logp[np.arange(len(x)), t].mean()
        # backward
        d = np.exp(logp)
        d[np.arange(len(x)), t] -= 1
        d /= len(x)
        gW2 = hd.T.dot(d)
        gb2 = d.sum(axis=0, keepdims=True)
        dh = d.dot(self.W2.T) * mask
        dh[a <= 0] = 0
        gW1 = x.T.dot(dh)
        gb1 = dh.sum(axis=0, keepdims=True)
        for name, g in (("W1", gW1), ("b1", gb1), ("W2", gW2), ("b2", gb2)):
            setattr(self, name, getattr(self, name) - lr * g)
        return loss

rng = np.random.RandomState(17)
x = rng.randn(15, 6)
t = rng.randint(0, 3, 15)
net = Net(rng)
for i in range(30):
    loss = net.train_step(x, t, 0.3)
print("final loss", loss)
