import atexit
import sys

import numpy as np

atexit.register(lambda: print("at exit"))
w = np.array([4.0, -3.0])
for step in range(1000):
    loss = 0.5 * np.sum(w ** 2)
    if loss < 1e-3:
        print("converged at step", step)
        sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    w -= 0.3 * w
print("never reached")
