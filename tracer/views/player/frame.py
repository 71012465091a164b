"""A page in a notebook."""

from __future__ import annotations

import base64
from html import escape

from tracer.i18n.language import Language

HEIGHT = 720
"""Height of a page in a notebook, in pixels."""

MAX_PICTURE = 200_000
"""Maximum size of a picture behind a frame."""


def framed(text: str, behind: str = "", title: str = "tracer") -> str:
    """A page in a frame, for a notebook.

    `behind` is HTML that is seen where frames are left out: in a notebook that is not trusted, on GitHub.
    """
    style = f"position: absolute; inset: 0; width: 100%; height: {HEIGHT}px; border: 1px solid #8A8A8A"
    frame = f'<iframe srcdoc="{escape(text)}" title="{escape(title)}" style="{style}" allowfullscreen></iframe>'
    return f'<div style="position: relative; min-height: {HEIGHT}px">{behind}{frame}</div>'


def note(tell: Language) -> str:
    """What stands behind a frame."""
    return f"<p>{escape(tell('Jupyter shows the player here once the notebook is trusted.'))}</p>"


def picture(svg: str, text: str) -> str:
    """A picture as an element that stays where scripts and frames are left out; its text alone if it is large."""
    if len(svg) > MAX_PICTURE:
        return f"<p>{escape(text)}</p>"
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(text)}" style="max-width: 100%; max-height: {HEIGHT - 60}px">'
    )
