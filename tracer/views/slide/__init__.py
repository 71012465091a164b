"""A step as one slide: a few boxes from left to right, the value above each wire, its gradient below."""
