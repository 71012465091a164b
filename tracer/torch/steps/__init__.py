"""The steps of a recorded program: what they begin with, their backward passes, where they end, and what is kept of them."""
