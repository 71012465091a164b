import numpy as np

rng = np.random.RandomState(19)
images = rng.randn(4, 7, 7)
y = np.array([0.0, 1.0, 1.0, 0.0])
kernel = rng.randn(2, 2) * 0.5
w = rng.randn(9) * 0.3
b = 0.0

def conv2d(img, k):
    out = np.zeros((6, 6))
    for i in range(6):
        for j in range(6):
            out[i, j] = np.sum(img[i:i + 2, j:j + 2] * k)
    return out

for epoch in range(3):
    total = 0.0
    for img, t in zip(images, y):
        fmap = conv2d(img, kernel)
        blocks = fmap.reshape(3, 2, 3, 2).transpose(0, 2, 1, 3).reshape(9, 4)
        pooled = blocks.max(axis=1)
        p = 1 / (1 + np.exp(-(pooled @ w + b)))
        loss = -(t * np.log(p) + (1 - t) * np.log(1 - p))
        total += loss
        dz = p - t
        dw = dz * pooled
        dpooled = dz * w
        dblocks = np.ones_like(blocks) * dpooled[:, None]
        dfmap = dblocks.reshape(3, 3, 2, 2).transpose(0, 2, 1, 3).reshape(6, 6)
        dkernel = np.zeros_like(kernel)
        for i in range(6):
            for j in range(6):
                dkernel += dfmap[i, j] * img[i:i + 2, j:j + 2]
        kernel -= 0.05 * dkernel
        w -= 0.05 * dw
        b -= 0.05 * dz
    print(epoch, total)
