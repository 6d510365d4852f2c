"""Pure decisions about audits: standard library only, no clock, no input or output."""
