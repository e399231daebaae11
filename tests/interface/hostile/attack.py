"""What an attack is: a user's file, and how `vaelid audit` must end on it."""

from dataclasses import dataclass

HEAD = """\
import os, sys, time, signal, threading, subprocess
import torch


def noted(pid=None):
    with open("pids", "a") as file:
        file.write(f"{pid or os.getpid()}\\n")


"""

RIGHT = "def kl(mu, logvar):\n    return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())\n"
WRONG = "def kl(mu, logvar):\n    return -0.5 * torch.sum(1 + logvar - mu**2 - (0.5 * logvar).exp())\n"


@dataclass(frozen=True)
class Attack:
    """One file of user code.

    Attributes:
        code: what the file does when it is loaded; with `KL` in it, the whole file.
        status: the exit statuses that are right.
        says: what the message contains.
        kl: the function that is audited, after `code`.
        limit: of time, in seconds.
    """

    code: str
    status: tuple[int, ...]
    says: str = ""
    kl: str = RIGHT
    limit: float = 60.0

    @property
    def text(self) -> str:
        """The file."""
        return f"{HEAD}{self.code}\n\n{self.kl}"


def called(body: str) -> str:
    """A KL that does this when it is called."""
    return f"def kl(mu, logvar):\n    {body}\n    return -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())\n"
