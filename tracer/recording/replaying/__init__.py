"""Replaying what a step recorded after its loss: the operations alone, without what records them."""
