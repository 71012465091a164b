"""What a finished record is asked: where two runs differ, whether values follow, the graph of its numbers."""
