"""Where hand-written gradients go wrong, why, and which edit makes them right."""
