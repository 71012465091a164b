import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

rng = np.random.RandomState(3)
data = [(rng.randn(4, 2), rng.randn(4)) for _ in range(12)]
ready = queue.Queue(maxsize=2)


def load():
    for x, y in data:
        ready.put((x - x.mean(axis=0), y * 1.0))
    ready.put(None)


loader = threading.Thread(target=load)
loader.start()
w = np.zeros(2)
lock = threading.Lock()
total = 0.0
while True:
    item = ready.get()
    if item is None:
        break
    x, y = item
    r = x @ w - y
    with lock:
        total += float(r @ r)
    w -= 0.05 * x.T @ r
loader.join()
with ThreadPoolExecutor(2) as pool:
    scores = list(pool.map(lambda item: float(np.sum((item[0] @ w - item[1]) ** 2)), data))
print(w, total, sum(scores))
