"""What all tests share: drawn examples are the same in every run, and none is timed."""

from hypothesis import settings

settings.register_profile("vaelid", derandomize=True, deadline=None)
settings.load_profile("vaelid")
