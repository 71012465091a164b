"""Views: a Trace in, text or bytes out. They do not print, write files or start processes."""
