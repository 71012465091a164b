import numpy as np


def im2col(x, k):
    n, c, h, w = x.shape
    oh, ow = h - k + 1, w - k + 1
    cols = np.empty((n, c, k, k, oh, ow))
    for i in range(k):
        for j in range(k):
            cols[:, :, i, j, :, :] = x[:, :, i:i + oh, j:j + ow]
    return cols.transpose(0, 4, 5, 1, 2, 3).reshape(n * oh * ow, -1)


def col2im(cols, shape, k):
    n, c, h, w = shape
    oh, ow = h - k + 1, w - k + 1
    cols = cols.reshape(n, oh, ow, c, k, k).transpose(0, 3, 4, 5, 1, 2)
    x = np.zeros(shape)
    for i in range(k):
        for j in range(k):
            x[:, :, i:i + oh, j:j + ow] += cols[:, :, i, j, :, :]
    return x


class Conv:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.shape = x.shape
        n, _, h, w = x.shape
        f, _, k, _ = self.W.shape
        self.cols = im2col(x, k)
        self.W_row = self.W.reshape(f, -1)
        out = self.cols @ self.W_row.T + self.b
        return out.reshape(n, h - k + 1, w - k + 1, f).transpose(0, 3, 1, 2)

    def backward(self, dout):
        f, k = self.W.shape[0], self.W.shape[2]
        dout = dout.transpose(0, 2, 3, 1).reshape(-1, f)
        self.db = dout.sum(axis=0)
        self.dW = (dout.T @ self.cols).reshape(self.W.shape)
        return col2im(dout @ self.W_row, self.shape, k)


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dout[self.mask] = 0
        return dout


class SoftmaxWithLoss:
    def forward(self, x, t):
        x = x - x.max(axis=-1, keepdims=True)
        self.y = np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True)
        self.t = t
        return -np.sum(np.log(self.y[np.arange(len(t)), t] + 1e-7)) / len(t)

    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dout * dx / len(self.t)


rng = np.random.RandomState(0)
x = rng.randn(4, 1, 5, 5)
t = np.array([0, 1, 1, 0])
conv1 = Conv(rng.randn(2, 1, 2, 2) * 0.5, np.zeros(2))
conv2 = Conv(rng.randn(2, 2, 2, 2) * 0.5, np.zeros(2))
relu = Relu()
fc_W, fc_b = rng.randn(18, 2) * 0.2, np.zeros(2)
last = SoftmaxWithLoss()
for step in range(12):
    hidden = conv2.forward(relu.forward(conv1.forward(x)))
    flat = hidden.reshape(len(x), -1)
    loss = last.forward(flat @ fc_W + fc_b, t)
    d = last.backward()
    d_fc_W, d_fc_b = flat.T @ d, d.sum(axis=0)
    d = (d @ fc_W.T).reshape(hidden.shape)
    d = conv1.backward(relu.backward(conv2.backward(d)))
    for p, g in ((conv1.W, conv1.dW), (conv1.b, conv1.db), (conv2.W, conv2.dW), (conv2.b, conv2.db), (fc_W, d_fc_W), (fc_b, d_fc_b)):
        p -= 0.1 * g
    print("%2d %.4f" % (step, loss))
