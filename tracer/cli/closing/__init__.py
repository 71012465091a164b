"""What a run ends with: the check of its gradients, what was written, and what to open and try."""
