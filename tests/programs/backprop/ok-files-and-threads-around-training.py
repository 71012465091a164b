import json
import os
import tempfile
import threading

import numpy as np

folder = tempfile.mkdtemp()
rng = np.random.RandomState(7)
np.savetxt(os.path.join(folder, "train.csv"), np.column_stack([rng.randn(15, 3), rng.randint(0, 2, 15)]), delimiter=",")

results = []

def load():
    table = np.loadtxt(os.path.join(folder, "train.csv"), delimiter=",")
    results.append((table[:, :-1], table[:, -1].astype(int)))

loader = threading.Thread(target=load)
loader.start()
loader.join()
x, y = results[0]
w = np.zeros(x.shape[1])
b = 0.0
log = []
for epoch in range(25):
    z = x @ w + b
    p = np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))
    loss = float(np.mean(np.logaddexp(0, z) - y * z))
    log.append({"epoch": epoch, "loss": loss})
    delta = (p - y) / len(y)
    w = w - 1.0 * (delta @ x)
    b = b - 1.0 * delta.sum()
    if epoch == 10:
        np.savez(os.path.join(folder, "model.npz"), w=w, b=b)
        stored = np.load(os.path.join(folder, "model.npz"))
        w, b = stored["w"], float(stored["b"])
with open(os.path.join(folder, "log.json"), "w") as f:
    json.dump(log, f)
print(json.load(open(os.path.join(folder, "log.json")))[-1], w, b)
for name in os.listdir(folder):
    os.remove(os.path.join(folder, name))
os.rmdir(folder)
