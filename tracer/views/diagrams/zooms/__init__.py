"""The zooms, a module each, which defines `ZOOM`. Modules in this package are discovered."""
