import os
import subprocess
import sys

import numpy as np

w = np.zeros(3)
target = np.array([1.0, 2.0, 3.0])
for step in range(10):
    loss = np.sum((w - target) ** 2)
    w -= 0.1 * 2 * (w - target)
print("loss", loss, flush=True)
child = os.fork()
if child == 0:
    for step in range(10):
        w -= 0.1 * 2 * (w - target)
    print("child", w, flush=True)
    os._exit(0)
os.waitpid(child, 0)
answer = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
print("parent", w, answer.stdout.strip())
