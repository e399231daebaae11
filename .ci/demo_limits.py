"""Run the demo as a user does, and hold it to its limits: 60 s on 2 cores, 1.5 GB, a report at the end."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS, GIGABYTES = 60, 1.5

with tempfile.TemporaryDirectory() as folder:
    started = time.monotonic()
    vaelid = Path(sys.executable).with_name("vaelid")
    finished = subprocess.run([vaelid, "demo", "--out", f"{folder}/run"], check=True, capture_output=True, text=True)
    seconds = time.monotonic() - started
    report = Path(folder, "run", "report.html").stat().st_size

gigabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
print(finished.stdout)
print(f"demo: {seconds:.1f} s (limit {SECONDS}), {gigabytes:.2f} GB (limit {GIGABYTES}), report {report / 1000:.0f} kB")
assert len(finished.stdout.splitlines()) == 6, "the demo ends in six lines"
sys.exit(seconds > SECONDS or gigabytes > GIGABYTES)
