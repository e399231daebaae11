"""What all tests share: drawn examples are the same in every run, none is timed, and torch computes with one thread.

Fewer threads beside other load would be said in lines that no test expects, and tests run beside each other.
"""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("vaelid", derandomize=True, deadline=None)
settings.load_profile("vaelid")
