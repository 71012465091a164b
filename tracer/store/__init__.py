"""The trace file: one SQLite file that is written as the run goes, and read at random."""
