"""The zooms: a module each, called as the zoom, which defines its `ZOOM`. Whatever module lies here is found."""
