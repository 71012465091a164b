import numpy as np, threading, queue
rng = np.random.RandomState(0)
X = rng.randn(10, 3)
y = X @ np.ones(3)
w = np.zeros(3)


def worker(inq, out):
    while True:
        r = inq.get()
        if r is None:
            break
        out.put(2 * X.T @ r / 10)
a, b = (queue.Queue(), queue.Queue())
t = threading.Thread(target=worker, args=(a, b))
t.start()
for i in range(20):
    loss = np.mean((X @ w - y) ** 2)
    a.put(X @ w - y)
    w -= 0.1 * b.get()
a.put(None)
t.join()
print(loss)
