"""Kedja on one machine, for development and the demo: servers, provisioning, supervision. Linux only."""
