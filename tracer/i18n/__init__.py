"""Translation of the output of commands and of the text in pictures."""
