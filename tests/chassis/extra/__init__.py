"""Importing this makes `services.things` importable: a fifth service, here only."""

from pathlib import Path

import services

HERE = str(Path(__file__).parent)
if HERE not in services.__path__:
    services.__path__.append(HERE)
