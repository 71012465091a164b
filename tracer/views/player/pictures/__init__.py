"""The pictures of a step in the player: what is one box, and where the boxes are."""
