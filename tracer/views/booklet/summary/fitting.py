"""Blocks that fill the rest of a page: as many as fit, the others are counted. The document measures them itself."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.i18n.language import Language
from tracer.views.booklet.page import paragraph
from tracer.views.booklet.typst import literal

GAP = 9.0
"""Distance of the blocks in points."""

DEFINITIONS = f"""#set text(top-edge: 0.8em, bottom-edge: -0.22em)
#set par(leading: 0.32em)
#show math.equation.where(block: true): set align(left)
#let gap = {GAP}pt
#let beside(one, other, breaks) = layout(area => {{
  if not breaks and measure(one).width + measure(other).width + 10pt > area.width {{
    stack(spacing: 3pt, align(right, other), one)
  }} else {{
    grid(columns: (1fr, auto), column-gutter: 10pt, align: (left, right), one, other)
  }}
}})
#let fitted(variants, total, more) = block(height: 1fr, width: 100%, spacing: 0pt, layout(area => {{
  let heights(blocks) = blocks.map(each => measure(each, width: area.width).height + gap)
  let tallest(blocks) = heights(blocks).sum(default: 0pt) - gap
  let last(count) = if count == 0 {{ () }} else {{ (more.at(str(count)),) }}
  let rest(blocks) = heights(last(total - blocks.len())).sum(default: 0pt)
  let chosen = variants.find(blocks => tallest(blocks) + rest(blocks) <= area.height)
  if chosen == none {{
    let left = area.height - heights(last(total)).sum(default: 0pt)
    chosen = ()
    for each in variants.last() {{
      left -= measure(each, width: area.width).height + gap
      if left < -gap {{ break }}
      chosen.push(each)
    }}
  }}
  stack(spacing: gap, ..chosen, ..last(total - chosen.len()))
}}))"""
"""The typst functions that place two parts beside each other, and that choose among variants of the same blocks: there are
`total`, and `more` has the notes on those left out, by their number."""


def fitted(variants: Sequence[Sequence[str]], total: int, tell: Language, per_block: int = 1) -> str:
    """The first of several variants that fits the rest of the page, or what fits of the last one.

    A variant is a sequence of blocks in typst code, the most important first, each with `per_block` of what is counted, `total`
    in all. It may have fewer.
    """
    blocks = -(-total // per_block)
    fewest = blocks - max(map(len, variants))
    notes = []
    for missing in range(max(1, fewest), blocks + 1):
        told = tell("and {count} more", count=total - per_block * (blocks - missing))
        notes.append(f'"{missing}": {paragraph(told, 0).removeprefix("#")}')
    return f"#fitted({_array([_array(blocks) for blocks in variants])},\n {blocks}, ({', '.join(notes) or ':'}))"


def _array(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})" if items else "()"


def heading_text(text: str, size: float = 12) -> str:
    """A title within a page, as typst code."""
    return f"text(size: {size}pt, {literal(text)})"
