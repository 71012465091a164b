"""A slide with places, and as SVG."""
