import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np


class Task:
    def __init__(self, w):
        self.w = w


def loss(task):
    return task.w @ task.w, type(task.w), float(task.w.sum())


if __name__ == "__main__":
    w = np.array([1.0, 2.0]) * 0.5
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(loss, [Task(w), Task(w * 2)]))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        print(list(pool.map(loss, [Task(w)])))
    again = pickle.loads(pickle.dumps(Task(w)))
    print(again.w, again.w.flags.writeable, os.path.exists(__file__), pickle.dumps(w) == pickle.dumps(again.w))
    w -= 0.1 * again.w
    print(w)
