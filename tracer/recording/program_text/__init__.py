"""The text of the recorded program: its lines, and what its statements say of names."""
