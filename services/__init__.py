"""Kedja’s services: each stands alone, with its own database, queues and process."""
