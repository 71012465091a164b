"""Graphviz's SVG made fit to stand in a page beside others: ids of its own, tool tips as titles, nothing but well-formed XML.

What Graphviz writes is regular: a group a node, edge, cluster and graph, `<` and quotes only where they are markup. One pass
over the tags of a picture is enough, without a tree.
"""

from __future__ import annotations

import re
from hashlib import sha1
from html import unescape

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAG = re.compile(
    r"""<(?:
    g\ id="(?P<group>[^"]*)"(?P<attributes>\ class="(?:graph|node|edge|cluster)[^>]*)>\n
        (?:<title>(?P<key>[^<]*)</title>\n)?
        (?:<g\ id="a_[^"]*"><a\ xlink:title="(?P<tip>[^"]*)">\n)?
    | g\ id="(?P<part>a_[^"]*)"><a(?P<link>\ xlink:href="[^"]*")?(?:\ xlink:title="(?P<part_tip>[^"]*)")?(?P<rest>[^>]*)>\n
    | (?P<element>\w+)\ id="(?P<id>[^"]*)"
    | (?P<end>/a>\n</g>\n)
    )""",
    re.VERBOSE,
)
_REFERENCE = re.compile(r'(="url\(|href=")#([^")]*)')
_GIVEN_BY_GRAPHVIZ = re.compile(r"(?:graph|node|edge|clust)\d+")
_NO_KEY = re.compile(r"[^A-Za-z0-9_.-]")


def embeddable(svg: str, dot: str) -> str:
    """The picture that Graphviz drew of `dot`, to stand in a page beside other pictures.

    Every id begins with a token that is made of the DOT. Behind a hyphen, a node, an edge or a cluster has there the id that
    the DOT gives it, else its key; other characters than letters, digits and `_.-` become `_`. Its tool tip, if it has one, is
    its title.
    """
    token = f"g{sha1(dot.encode(errors='replace'), usedforsecurity=False).hexdigest()[:8]}"
    svg = _NO_XML.sub("\ufffd", _COMMENT.sub("", svg))  # a comment repeats a key, and may hold entities that XML does not know
    svg = svg.replace(' xmlns="', ' role="img" xmlns="', 1)
    tags = _Tags(token)
    svg = _TAG.sub(tags.renewed, svg)
    return _REFERENCE.sub(tags.reference, svg) if 'href="#' in svg or '="url(#' in svg else svg


class _Tags:
    """The tags of a picture on their way from Graphviz's to ours."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._ids: dict[str, str] = {}
        self._taken: dict[str, int] = {}
        self._ends: list[str] = []

    def renewed(self, found: re.Match[str]) -> str:
        """What stands for a tag, or for the tags that begin a group."""
        if found["end"]:
            return self._ends.pop()
        if found["group"] is not None:
            return self._group(found["group"], found["attributes"], found["key"], found["tip"])
        if found["part"] is not None:
            return self._part(found["part"], found["link"], found["part_tip"], found["rest"])
        return f'<{found["element"]} id="{self._inner_id(found["id"])}"'

    def reference(self, found: re.Match[str]) -> str:
        """A reference to an id of the picture."""
        return f"{found[1]}#{self._ids.get(found[2]) or self._inner_id(found[2])}"

    def _group(self, id: str, attributes: str, key: str | None, tip: str | None) -> str:
        given = key if key is not None and _GIVEN_BY_GRAPHVIZ.fullmatch(id) else id
        name = self._free(f"{self._token}-{_identifier(given)}")
        self._ids[id] = name
        if tip is None:
            return f'<g id="{name}"{attributes}>\n'
        self._ends.append("")
        return f'<g id="{name}"{attributes}>\n<title>{tip}</title>\n'

    def _free(self, name: str) -> str:
        """A name that no group has yet: the second of two arrows between two nodes, or of two keys that look alike, is `.2`."""
        found = name
        while found in self._taken:
            self._taken[name] += 1
            found = f"{name}.{self._taken[name]}"
        self._taken[found] = 1
        return found

    def _part(self, id: str, link: str | None, tip: str | None, rest: str) -> str:
        """A label or a cell with a tool tip of its own, or a link; these have a group of their own already."""
        self._ends.append("</a>\n</g>\n" if link else "</g>\n")
        title = f"<title>{tip}</title>\n" if tip else ""
        return f'<g id="{self._inner_id(id)}">{f"<a{link}{rest}>" if link else ""}\n{title}'

    def _inner_id(self, id: str) -> str:
        """An id that no key has: an underscore stands in it where the others have a hyphen."""
        self._ids[id] = f"{self._token}_{_identifier(id)}"
        return self._ids[id]


def _identifier(key: str) -> str:
    """A key in characters that need no escape anywhere.

    >>> _identifier("n1:p&#45;&gt;n2"), _identifier("a b&quot;é")
    ('n1_p--n2', 'a_b__')
    """
    return _NO_KEY.sub("_", unescape(key).replace("->", "--"))
