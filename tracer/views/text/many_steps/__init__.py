"""What the log works out once for all steps of a structure, and once for all places of a step."""
