"""The booklet of a run as typst source."""
