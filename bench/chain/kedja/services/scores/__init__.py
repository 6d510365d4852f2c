"""One of the bench's services."""
