"""Kedja on one machine, for development and the demo: private servers, provisioning, supervision. Linux only."""
