"""Cases by the thousand, in processes of their own: one that hangs or dies costs one case."""

import multiprocessing
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tests.fuzz.folders import Folders
from tests.fuzz.outcomes import Case, Judge, limit_memory

MEMORY = 2**31
PATIENCE = 300.0
CONTEXT = multiprocessing.get_context("fork")


def _work(pipe: Connection, pristine: Folders, seed: int, kind: str, numbers: range) -> None:
    with tempfile.TemporaryDirectory(dir=pristine.base.parent) as base:
        judge = Judge(pristine, Path(base) / "w")
        limit_memory(MEMORY)
        for number in numbers:
            pipe.send(number)
            pipe.send(judge.case(number, seed, kind))
    pipe.send(None)


class _Worker:
    def __init__(self, pristine: Folders, seed: int, kind: str, numbers: range) -> None:
        self.arguments, self.numbers, self.number = (pristine, seed, kind), numbers, numbers.start
        self.pipe, theirs = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_work, args=(theirs, pristine, seed, kind, numbers), daemon=True)
        self.process.start()
        theirs.close()

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()

    def after(self, number: int) -> "_Worker | None":
        left = range(number + self.numbers.step, self.numbers.stop, self.numbers.step)
        return _Worker(*self.arguments, left) if left else None


def cases(pristine: Folders, *, seed: int, kind: str, start: int, count: int, workers: int) -> Iterator[Case]:
    """The cases `start` to `start + count`, in the order in which they are done."""
    ranges = (range(start + offset, start + count, workers) for offset in range(workers))
    running = [_Worker(pristine, seed, kind, numbers) for numbers in ranges if numbers]
    try:
        while running:
            ready = wait([worker.pipe for worker in running], PATIENCE)
            for worker in [w for w in running if not ready or w.pipe in ready]:
                try:
                    told = worker.pipe.recv() if ready else EOFError
                except EOFError:
                    told = EOFError
                if isinstance(told, int):
                    worker.number = told
                elif isinstance(told, Case):
                    yield told
                else:
                    running.remove(worker)
                    worker.end()
                    if told is EOFError:
                        yield Case(
                            worker.number, "?", "?", "hang", "the process died, or gave no sign for five minutes"
                        )
                        running += [next_one] if (next_one := worker.after(worker.number)) else []
    finally:
        for worker in running:
            worker.end()
