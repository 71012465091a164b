"""What is on a slide: which operations are one box, what it is called, its numbers and rules. Read from the record."""
