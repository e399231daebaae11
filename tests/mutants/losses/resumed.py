"""Work in two processes that can be interrupted and goes on where it was."""

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tqdm import tqdm

import vaelid

PROCESSES = 2


def state_file() -> Path:
    """Where results are kept: another file when the library or the mutants change."""
    digest = hashlib.sha256()
    for folder in (Path(vaelid.__file__).parent, Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.read_bytes())
    return Path(tempfile.gettempdir()) / f"vaelid-mutants-{digest.hexdigest()[:16]}.jsonl"


def run(
    work: Callable[[Any], dict[str, Any]], jobs: Sequence[tuple[str, Any]], state: Path, processes: int = PROCESSES
) -> dict[str, Any]:
    """The result of each job, by its key; those in the state file are not done again."""
    done = {}
    if state.exists():
        lines = state.read_text().splitlines()
        done = {entry["key"]: entry["result"] for entry in map(json.loads, lines) if entry}
    left = [(key, job) for key, job in jobs if key not in done]
    # spawn: z3 and torch hold threads, which a fork would lose
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool, state.open("a") as file:
        futures = {pool.submit(work, job): key for key, job in left}
        try:
            progress = tqdm(as_completed(futures), total=len(futures), disable=not sys.stderr.isatty(), file=sys.stderr)
            for future in progress:
                done[futures[future]] = future.result()
                file.write(json.dumps({"key": futures[future], "result": future.result()}) + "\n")
                file.flush()
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return {key: done[key] for key, _ in jobs}


def key_of(*parts: str) -> str:
    """A short name for a job."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
