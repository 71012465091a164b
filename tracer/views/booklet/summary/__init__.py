"""The booklet of eight pages: one step from its data to its new parameters, then the run."""
