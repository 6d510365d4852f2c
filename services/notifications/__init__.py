"""Notifications: whoever must hear of an event gets exactly one mail about it."""
