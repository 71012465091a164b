"""The zooms. Each module defines `ZOOM`, and is discovered."""
