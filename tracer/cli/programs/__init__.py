"""Running, recording and checking a program as it stands, for the commands."""
