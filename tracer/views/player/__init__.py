"""The player: a run as one HTML page, in which a reader steps through its training steps."""
