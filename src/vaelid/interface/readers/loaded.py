"""What every reader gives, and how much memory it may take for it."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaelid.spec.errors import InputError

__all__ = ["Loaded", "check_memory", "check_room"]


@dataclass(frozen=True)
class Loaded:
    """An array with one row for each observation; labels where the file has them; what the user should know of it."""

    x: np.ndarray
    labels: np.ndarray | None = None
    notes: tuple[str, ...] = ()


def _memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_memory(path: Path, needed: int, remedy: str) -> None:
    """Refuse what would decompress or decode to more than half of the memory, before any of it is allocated.

    A small compressed file may claim any size. Half, since training needs room beside its data.
    """
    if needed > _memory() // 2:
        raise InputError(
            f"{path} would take {needed / 1e9:,.0f} GB once it is read, more than half of this machine's memory "
            f"({_memory() / 1e9:,.0f} GB): {remedy}"
        )


def check_room(what: str, needed: int, remedy: str) -> None:
    """Refuse what no memory of this machine can hold, before any of it is allocated; `needed` is in bytes."""
    if needed > _memory():
        raise InputError(
            f"{what} would take at least {needed / 1e9:,.0f} GB, more than this machine's memory "
            f"({_memory() / 1e9:,.0f} GB): {remedy}"
        )
