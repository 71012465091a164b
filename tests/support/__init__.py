"""What several test modules need. Test modules import from here and not from each other."""
