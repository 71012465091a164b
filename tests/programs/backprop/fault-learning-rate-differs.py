# y = w2 * relu(w1 * x + b1) + b2
import random

random.seed(9)
xs = [random.uniform(-2, 2) for _ in range(10)]
ys = [abs(x) for x in xs]
w1, b1, w2, b2 = 0.6, 0.3, 0.8, 0.1
lr = 0.05
for epoch in range(10):
    cost = 0.0
    gw1 = gb1 = gw2 = gb2 = 0.0
    for x, y in zip(xs, ys):
        z = w1 * x + b1
        h = z if z > 0 else 0.0
        d = w2 * h + b2 - y
        cost += d ** 2 / len(xs)
        g = 2 * d / len(xs)
        gw2 += g * h
        gb2 += g
        gz = g * w2 if z > 0 else 0.0
        gw1 += gz * x
        gb1 += gz
    w1 = w1 - lr * gw1
    b1 = b1 - lr * gb1
    w2 = w2 - lr * lr * gw2
    b2 = b2 - lr * gb2
    print(epoch, round(cost, 5))
