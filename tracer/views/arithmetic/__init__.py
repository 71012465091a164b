"""The arithmetic of one element: indices of what it is computed from, signs, terms that are left out."""
