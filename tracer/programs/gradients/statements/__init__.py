"""Statements that may repair a wrong one, and the program run with them: none is offered that was not tried."""
