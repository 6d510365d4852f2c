"""What every service needs and no business word: see docs/architecture.md."""
