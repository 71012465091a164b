"""Post-processes Graphviz's SVG for embedding: unique ids, tooltips as titles, well-formed XML.

Graphviz writes regular XML: one group per node, edge, cluster and graph; `<` and quotes occur only as markup. So one pass
over the tags is enough, without a parser.
"""

from __future__ import annotations

import re
from hashlib import sha1
from html import unescape

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_INVALID_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
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
_DEFAULT_ID = re.compile(r"(?:graph|node|edge|clust)\d+")
_NOT_ALLOWED_IN_ID = re.compile(r"[^A-Za-z0-9_.-]")


def embeddable(svg: str, dot: str) -> str:
    """Make the SVG that Graphviz drew of `dot` safe to embed in a page with other pictures.

    Every id starts with a token derived from the DOT. For a node, edge or cluster a hyphen and the id given in the DOT, or
    else its key, follow; characters other than letters, digits and `_.-` become `_`. A tooltip becomes a title.
    """
    token = f"g{sha1(dot.encode(errors='replace'), usedforsecurity=False).hexdigest()[:8]}"
    svg = _INVALID_IN_XML.sub("\ufffd", _COMMENT.sub("", svg))  # a comment repeats a key, and may hold entities unknown to XML
    svg = svg.replace(' xmlns="', ' role="img" xmlns="', 1)
    tags = _Tags(token)
    svg = _TAG.sub(tags.rewrite, svg)
    return _REFERENCE.sub(tags.rewrite_reference, svg) if 'href="#' in svg or '="url(#' in svg else svg


class _Tags:
    """Rewrites the tags of one picture; keeps the ids assigned so far."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._ids: dict[str, str] = {}
        self._taken: dict[str, int] = {}
        self._ends: list[str] = []

    def rewrite(self, match: re.Match[str]) -> str:
        """The replacement of a tag, or of the tags that open a group."""
        if match["end"]:
            return self._ends.pop()
        if match["group"] is not None:
            return self._group(match["group"], match["attributes"], match["key"], match["tip"])
        if match["part"] is not None:
            return self._part(match["part"], match["link"], match["part_tip"], match["rest"])
        return f'<{match["element"]} id="{self._inner_id(match["id"])}"'

    def rewrite_reference(self, match: re.Match[str]) -> str:
        """The replacement of a reference to an id of the picture."""
        return f"{match[1]}#{self._ids.get(match[2]) or self._inner_id(match[2])}"

    def _group(self, id: str, attributes: str, key: str | None, tip: str | None) -> str:
        own = key if key is not None and _DEFAULT_ID.fullmatch(id) else id
        name = self._unique(f"{self._token}-{_sanitize(own)}")
        self._ids[id] = name
        if tip is None:
            return f'<g id="{name}"{attributes}>\n'
        self._ends.append("")
        return f'<g id="{name}"{attributes}>\n<title>{tip}</title>\n'

    def _unique(self, name: str) -> str:
        """The name, with a suffix `.2`, `.3`, ... if another group has it, such as a parallel edge."""
        unique = name
        while unique in self._taken:
            self._taken[name] += 1
            unique = f"{name}.{self._taken[name]}"
        self._taken[unique] = 1
        return unique

    def _part(self, id: str, link: str | None, tip: str | None, rest: str) -> str:
        """A label or cell with a tooltip or a link. Graphviz gives these a group of their own."""
        self._ends.append("</a>\n</g>\n" if link else "</g>\n")
        title = f"<title>{tip}</title>\n" if tip else ""
        return f'<g id="{self._inner_id(id)}">{f"<a{link}{rest}>" if link else ""}\n{title}'

    def _inner_id(self, id: str) -> str:
        """An id that cannot clash with that of a group: an underscore follows the token, not a hyphen."""
        self._ids[id] = f"{self._token}_{_sanitize(id)}"
        return self._ids[id]


def _sanitize(key: str) -> str:
    """Replace all characters of a key that would need escaping.

    >>> _sanitize("n1:p&#45;&gt;n2"), _sanitize("a b&quot;é")
    ('n1_p--n2', 'a_b__')
    """
    return _NOT_ALLOWED_IN_ID.sub("_", unescape(key).replace("->", "--"))
