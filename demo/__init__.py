"""One run of the whole chain on fictive suppliers, over the services' own APIs: `make demo`."""
