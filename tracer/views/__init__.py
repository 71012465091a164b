"""What people look at: a Trace in, text or bytes out. Nothing here prints, writes a file or starts a process."""
