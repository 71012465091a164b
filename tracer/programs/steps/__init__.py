"""From the tape of a whole program to the steps of a Trace: which values a step is made of, and their phases."""
