"""What shells and newcomers ask for: completion of names, and what is installed."""
