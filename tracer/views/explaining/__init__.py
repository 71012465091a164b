"""What single numbers of a record say: the largest, their meaning, those that stayed, and the commands that go on from them."""
