"""The steps of a loop in their order, one below the other: a step starts below the end of the one before it.

What a step computes without the one before it, Graphviz would place beside that one, and the step as a whole as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tracer.views.diagrams.arranging.box_graph import BoxGraph
from tracer.views.diagrams.diagram import Cluster, Diagram


def in_order(diagram: Diagram) -> Diagram:
    """The diagram with invisible arrows between clusters such as `cell` and `cell#2`, where one leads to the other."""
    graph = BoxGraph(diagram)
    for siblings in _repeated(diagram.clusters):
        cell_of = {key: number for number, cluster in enumerate(siblings) for key in _keys(cluster)}
        last_of: dict[tuple[int, int], str] = {}
        for key, cell in cell_of.items():
            for under in graph.below[key]:
                if cell_of.get(under, cell) != cell:
                    last_of[cell, cell_of[under]] = key
        for (first, second), last in last_of.items():
            if (second, first) not in last_of:
                for key in _keys(siblings[second]):
                    if not graph.above[key]:
                        graph.place_below(last, key)
    return graph.arranged()


def _repeated(clusters: Sequence[Cluster]) -> Iterator[list[Cluster]]:
    """Clusters side by side that have the same name but for their number."""
    named: dict[str, list[Cluster]] = defaultdict(list)
    for cluster in clusters:
        named[cluster.label.partition("#")[0]].append(cluster)
        yield from _repeated(cluster.clusters)
    yield from (found for found in named.values() if len(found) > 1)


def _keys(cluster: Cluster) -> list[str]:
    """The boxes in a cluster."""
    return [*cluster.boxes, *(key for inner in cluster.clusters for key in _keys(inner))]
