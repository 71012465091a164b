"""The structures of steps in a file: what they are, the table of them, and reading them by columns."""
