"""Reads where Graphviz places boxes and arrows, from its JSON."""

from __future__ import annotations

import json
from typing import Any

from tracer.rendering.engine import TIME_LIMIT, Engine
from tracer.views.player.pictures.positions import Area, Point, Positions, Route

_POINTS_PER_INCH = 72.0


def positions(engine: Engine, dot: str, seconds: float = TIME_LIMIT) -> Positions:
    """Place a graph. Raises PictureError if the program cannot be started, fails, or takes longer than `seconds`."""
    found: dict[str, Any] = json.loads(engine.run(dot, "json0", seconds))
    *_, width, height = map(float, found["bb"].split(","))
    names, boxes, clusters = {}, {}, {}
    for item in found.get("objects", ()):
        names[item["_gvid"]] = item["name"]
        if "pos" in item:
            (x, y), across, down = _point(item["pos"]), *(float(item[side]) * _POINTS_PER_INCH for side in ("width", "height"))
            boxes[item["name"]] = Area(x - across / 2, height - y - down / 2, across, down)
        elif "bb" in item:
            left, bottom, right, top = map(float, item["bb"].split(","))
            clusters[item["name"]] = Area(left, height - top, right - left, top - bottom)
    routes = tuple(_route(names[edge["tail"]], names[edge["head"]], edge["pos"], height) for edge in found.get("edges", ()))
    return Positions(width, height, boxes, clusters, routes)


def _route(tail: str, head: str, text: str, height: float) -> Route:
    """A route from `e,x,y` for its tip, if it has one, and its points."""
    words = text.split()
    tips = [word for word in words if word.startswith("e,")]
    points = tuple(_flipped(_point(word), height) for word in words if not word.startswith(("e,", "s,")))
    end = _flipped(_point(tips[0].removeprefix("e,")), height) if tips else points[-1]
    return Route(tail, head, points, end)


def _point(text: str) -> Point:
    x, y = map(float, text.split(",")[:2])
    return x, y


def _flipped(point: Point, height: float) -> Point:
    return point[0], height - point[1]
