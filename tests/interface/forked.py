"""The audit's process as a fork of the test's, which has loaded torch already: milliseconds in place of seconds."""

import io
import os
import signal
import subprocess
import sys
import time

from vaelid.interface.audit import child


class Forked(subprocess.Popen):
    """What `run_apart` uses of it."""

    _child_created = False  # nothing for its own `__del__` to wait for

    def __init__(self, threads: int | None = None) -> None:
        (given, to), (back, said) = os.pipe(), os.pipe()
        self.pid, self.returncode = os.fork(), None
        if self.pid == 0:
            try:
                os.setsid()
                os.dup2(given, 0)
                os.dup2(said, 1)
                os.closerange(3, 1024)  # as a program that is started: nothing of the test's is within reach
                sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
                sys.stdout = sys.__stdout__ = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)
                sys.stderr = sys.__stderr__ = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
                child.main()
            finally:
                os._exit(99)
        os.close(given)
        os.close(said)
        self.stdin, self.stdout = io.FileIO(to, "w"), io.FileIO(back)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        assert timeout is not None
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("fork", timeout)
            time.sleep(0.002)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
