"""The functions that other libraries differentiate, here: `python tests/benchmarks/peers.py [autograd|mygrad|jax] [--all]`.

Takes the list of functions from each installed library (`pip install '.[bench]'`), calls each as `tests/support/recipes` says,
and compares the gradient of a weighted sum of the result with the library's own. Prints a line for every function that is not
right, and a table of counts, as `docs/reference/numpy.md` shows it; with `--all` a line for every function.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.peers import CRASH, ORDER, PEERS, RIGHT, verdict
from support.recipes import RECIPES, WRITTEN_OUT


def compare(name: str, *, everything: bool) -> Counter[str]:
    """The verdicts of the functions of a library; a function's is the worst of its expressions'."""
    peer, counts = PEERS[name], Counter[str]()
    for function in peer.functions():
        expressions = (RECIPES | WRITTEN_OUT).get(function, ())
        found = [(*verdict(expression, peer.gradients), expression) for expression in expressions]
        worst, why, expression = max(found, key=lambda each: ORDER.index(each[0]), default=(CRASH, "no recipe", ""))
        counts[worst] += 1
        if everything or worst != RIGHT:
            print(f"  {name:8} {function:22} {worst:15} {expression:45} {why}"[:220].rstrip())
    return counts


def main(arguments: list[str]) -> None:
    np.seterr(all="ignore")
    everything = "--all" in arguments
    wanted = [each for each in arguments if each != "--all"] or [*PEERS]
    counts = {name: compare(name, everything=everything) for name in wanted}
    print(f"| library | functions | {' | '.join(ORDER)} |")
    print("| --- " * (2 + len(ORDER)) + "|")
    for name, found in counts.items():
        label = f"{name} {importlib.metadata.version(name)}"
        print(f"| {label} | {found.total()} | {' | '.join(str(found[each]) for each in ORDER)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
