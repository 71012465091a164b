"""The process that a recorded program runs in: its surroundings, its imports, its end."""
