"""Views for a terminal: the log, one node, blame, differences, verification, checks."""
