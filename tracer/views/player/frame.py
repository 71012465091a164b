"""A page in a notebook."""

from __future__ import annotations

from html import escape


def framed(text: str) -> str:
    """A page in a frame, for a notebook."""
    return f'<iframe srcdoc="{escape(text)}" style="width: 100%; height: 720px; border: 1px solid #8A8A8A"></iframe>'
