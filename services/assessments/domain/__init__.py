"""Pure decisions about self-assessments: standard library only, no clock, no input or output."""
