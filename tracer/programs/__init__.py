"""NumPy programs as they stand: loading and rewriting a script, the arrays that record, steps, hand-written gradients."""
