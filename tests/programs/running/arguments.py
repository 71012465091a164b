import argparse
import sys

import numpy as np


def main():
    parser = argparse.ArgumentParser(description="Fit a line.")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    x = rng.normal(size=10)
    y = 3 * x - 1
    theta = np.zeros(2)
    A = np.stack([x, np.ones_like(x)], axis=1)
    for epoch in range(args.epochs):
        r = A @ theta - y
        loss = r @ r / len(r)
        theta -= args.lr * 2 * A.T @ r / len(r)
        if args.verbose:
            print(epoch, loss, file=sys.stderr)
    print(sys.argv[1:], theta, loss)


if __name__ == "__main__":
    main()
