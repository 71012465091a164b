# needs matplotlib only to draw: without it a stub of a few lines stands in
import numpy as np

try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    import plotting_stub as plt

rng = np.random.RandomState(0)
x = np.linspace(-1, 1, 20)
y = 2 * x + 0.5 + 0.1 * rng.randn(20)
w, b = 0.0, 0.0
losses = []
for epoch in range(30):
    prediction = w * x + b
    loss = np.mean((prediction - y) ** 2)
    losses.append(loss)
    dw = np.mean(2 * (prediction - y) * x)
    db = np.mean(2 * (prediction - y))
    w -= 0.2 * dw
    b -= 0.2 * db
plt.figure()
plt.scatter(x, y, label="data")
plt.plot(x, w * x + b, "r", label="w = %.2f" % w)
plt.legend()
plt.figure()
plt.plot(losses)
plt.title("loss")
plt.show()
plt.close("all")
print("w", w, "b", b, "loss", losses[-1])
