"""The parameters of a scenario: their names, their structure, and their initial values."""
