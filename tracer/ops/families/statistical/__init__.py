"""Statistics of arrays, running sums and products, differences, and what is counted or searched."""
