import os
import tempfile

import numpy as np

before = os.getcwd()
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    w = 1.0
    for step in range(5):
        loss = (w * 2 - 3) ** 2
        w -= 0.1 * 2 * (w * 2 - 3) * 2
        with open("log.txt", "a") as log:
            log.write(f"{step} {loss:.4f}\n")
    print(sorted(os.listdir(".")), os.path.basename(os.getcwd()) == os.path.basename(folder))
    print(open("log.txt").read(), end="")
    os.chdir(before)
print(w, os.path.basename(__file__), __name__)
