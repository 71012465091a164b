"""The booklet: pages of a run as typst source."""
