"""The advisory locks of imports. Any constants will do, as long as nobody else has them."""

JOB_LOCK = 7_305_203  # with the hash of a job's id: who works on it
TURN_LOCK = 7_305_204  # who applies rows
