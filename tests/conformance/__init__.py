"""One suite for the spec, run under every array type: `readings` x `cases`, against 50 digits."""
