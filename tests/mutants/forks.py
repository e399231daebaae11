"""Each task in a process of its own, forked from this one, a few at a time."""

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TypeVar

__all__ = ["forked"]

T = TypeVar("T")
R = TypeVar("R")


def forked(task: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[tuple[T, R | None]]:
    """(item, task(item)) as they are done; None where the process broke off, which has then said why.

    Children that run when this is left early, by an interrupt say, are ended.
    """
    context = multiprocessing.get_context("fork")
    waiting = iter(items)
    running: dict[Connection, tuple[T, multiprocessing.Process]] = {}
    gc.collect()
    gc.freeze()  # what is shared stays shared
    try:
        while True:
            while len(running) < jobs and (item := next(waiting, running)) is not running:
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_answer, args=(task, item, sender))
                process.start()
                sender.close()
                running[receiver] = item, process
            if not running:
                return
            for receiver in wait(list(running)):
                item, process = running.pop(receiver)
                try:
                    result = receiver.recv()
                except EOFError:
                    result = None
                process.join()
                yield item, result
    finally:
        for _, process in running.values():
            process.terminate()
            process.join()
        gc.unfreeze()


def _answer(task: Callable[[T], R], item: T, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    sender.send(task(item))
