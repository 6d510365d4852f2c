"""Measuring: `make bench-…`, on the servers of `make infra`."""
