"""Commands that a message suggests, as a shell reads them."""

import shlex
from pathlib import Path

__all__ = ["suggested"]


def suggested(*words: str | Path) -> str:
    """The words as one line to paste: quoted where they must be; a path that begins with a dash is no option."""
    return shlex.join(f"./{word}" if isinstance(word, Path) and str(word)[0] == "-" else str(word) for word in words)
