"""What steps of the same structure share, so that it is found out once."""
