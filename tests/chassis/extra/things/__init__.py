"""A service of the tests' own: what the chassis does is seen without any business in the way."""
