"""Files and lines as users read them, and whose code they are."""

import importlib.util
import sysconfig
import traceback
from functools import cache
from pathlib import Path

__all__ = ["file_and_line", "is_ours", "is_users", "raised_at", "relative_path"]

_OURS = Path(__file__).parents[2]


@cache
def _libraries() -> tuple[Path, ...]:
    """Folders of vaelid, torch and Python's own library: a stop there says little, its caller says more."""
    torch = importlib.util.find_spec("torch")
    found = [_OURS, Path(sysconfig.get_path("stdlib"))]
    return (*found, Path(torch.origin).parent) if torch and torch.origin else tuple(found)


def is_ours(file: str) -> bool:
    """Whether the file is vaelid's."""
    return Path(file).is_relative_to(_OURS)


def is_users(file: str) -> bool:
    """Whether the file is neither vaelid's nor torch's nor Python's own; an installed package is the user's."""
    if file.startswith("<"):
        return False
    path = Path(file)
    inside = [folder for folder in _libraries() if path.is_relative_to(folder)]
    # packages are installed below Python's own library
    return not inside or (inside == [_libraries()[1]] and "site-packages" in path.parts)


def relative_path(file: str | Path) -> str:
    """The path from the present folder, where the file is below it."""
    path = Path(file)
    try:
        here = Path.cwd()
    except OSError:  # user code has changed to a folder that is gone
        return str(path)
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)


def file_and_line(source: str | None) -> tuple[str, int] | None:
    """File and line of ``file:line``; None where there is none."""
    file, colon, line = (source or "").rpartition(":")
    return (file, int(line)) if colon and line.isdigit() else None


def raised_at(error: BaseException) -> str:
    """As in " at model.py, line 12": the innermost line of the user's that the error came through; or nothing."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_users(frame.filename)]
    return f" at {relative_path(frames[-1].filename)}, line {frames[-1].lineno}" if frames else ""
