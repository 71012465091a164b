"""The functions of a scenario: their arguments, their random generators, and the results of the model."""
