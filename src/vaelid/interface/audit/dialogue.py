"""The parent's end of the pipes to an audit: it never waits for the pipe's end, which a grandchild may hold open."""

import json
import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Any

from vaelid.interface.audit.seal import MOST_BYTES, unsealed

__all__ = ["Dialogue"]

_KEPT = 1 << 16
"""Bytes kept of what is no answer: the traceback that faulthandler writes is shorter (100 threads of 100 frames)."""


class Dialogue:
    """Sends the request and collects what comes back, in a thread: reading with a time limit works on every system.

    The memory it takes is bounded, however much is written to the pipe.
    """

    def __init__(self, to: IO[bytes], source: IO[bytes], key: bytes, request: Any) -> None:
        self._key = key
        self._answers: SimpleQueue[Any] = SimpleQueue()
        self._rest = bytearray()
        self._thread = threading.Thread(target=self._run, args=(to, source, request), daemon=True)
        self._thread.start()

    def answer(self, seconds: float) -> Any:
        """The next authentic answer within the time, else None."""
        with suppress(Empty):
            return self._answers.get(timeout=max(seconds, 0.0))
        return None

    @property
    def rest(self) -> str:
        """The last of what was written and is no answer: faulthandler's traceback, or what user code wrote."""
        return self._rest.decode("utf-8", "replace")

    def close(self) -> None:
        """To be called when the processes have ended. A pipe that is still held open is left to itself."""
        self._thread.join(timeout=1.0)

    def _run(self, to: IO[bytes], source: IO[bytes], request: Any) -> None:
        with suppress(OSError):  # a process that ended before it read shows in its exit status
            to.write(self._key + json.dumps(request).encode("ascii"))
        with suppress(OSError):
            to.close()
        line = bytearray()
        with suppress(OSError):
            while data := os.read(source.fileno(), 1 << 16):
                seen = len(line)
                line += data
                while (end := line.find(b"\n", seen)) >= 0:
                    self._take(bytes(line[: end + 1]))
                    del line[: end + 1]
                    seen = 0
                if len(line) > MOST_BYTES:
                    line.clear()
        with suppress(OSError):
            source.close()
        self._keep(line)
        self._answers.put(None)  # nothing more can come: do not wait for it

    def _take(self, line: bytes) -> None:
        value = unsealed(self._key, line[:-1])
        if value is None:
            self._keep(line)
        else:
            self._answers.put(value)

    def _keep(self, text: bytes | bytearray) -> None:
        self._rest = (self._rest + text)[-_KEPT:]
