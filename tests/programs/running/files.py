import csv
import json
import pickle
import shelve
import tempfile
from pathlib import Path

import numpy as np

with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    rng = np.random.RandomState(6)
    np.savetxt(folder / "data.csv", np.c_[rng.randn(9, 2), rng.rand(9) > 0.5], delimiter=",")
    table = np.genfromtxt(folder / "data.csv", delimiter=",")
    X, y = table[:, :2], table[:, 2]
    w = np.zeros(2)
    log = []
    for epoch in range(12):
        p = 1 / (1 + np.exp(-X @ w))
        loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        w -= 0.5 * X.T @ (p - y) / len(y)
        log.append({"epoch": epoch, "loss": float(loss)})
        if epoch == 5:
            np.save(folder / "w.npy", w)
            np.savez(folder / "all.npz", w=w, loss=loss)
            (folder / "w.pickle").write_bytes(pickle.dumps({"w": w, "loss": loss, "epoch": epoch}))
            w = np.load(folder / "w.npy")
    (folder / "log.json").write_text(json.dumps(log))
    with open(folder / "log.csv", "w", newline="") as stream:
        writer = csv.DictWriter(stream, ["epoch", "loss"])
        writer.writeheader()
        writer.writerows(log)
    with shelve.open(str(folder / "shelf")) as shelf:
        shelf["w"] = w
        stored = shelf["w"]
    restored = pickle.loads((folder / "w.pickle").read_bytes())
    print(type(restored["w"]), type(restored["loss"]), restored["w"], json.loads((folder / "log.json").read_text())[-1])
    print((folder / "log.csv").read_text().splitlines()[-1], sorted(np.load(folder / "all.npz").files), stored is w, stored)
    print(w.tobytes() == stored.tobytes(), w.tolist(), json.dumps(w.tolist()))
