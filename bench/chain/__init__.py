"""`make bench`: the chain from a completed self-assessment to a notification, beside every peer."""
