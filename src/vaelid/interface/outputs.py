"""Where a result may be written: onto no file of a run, and not onto the data that it was made from."""

from pathlib import Path

from vaelid.interface.files import check_outside_runs, check_replaceable
from vaelid.interface.runs import Run
from vaelid.spec.errors import InputError

__all__ = ["check_output"]


def check_output(out: Path, run: Path, data: str | None) -> None:
    """Raise `InputError` where writing `out` would destroy a run, or the data that are read for it."""
    check_outside_runs(out, "--out")
    check_replaceable(out)
    sources = [Run(run).config().data.source] if Run(run).exists else []
    for source in (*sources, *([data] if data else [])):
        if _is_part(out, source):
            raise InputError(f"{out} holds the data that are read ({source}): choose another --out.")


def _is_part(out: Path, source: str) -> bool:
    """Whether `out` is the file of that name (``x.npz:member`` among them), or lies in the folder of images."""
    for name in dict.fromkeys((source, source.rpartition(":")[0])):
        path = Path(name) if name and "\0" not in name else None
        if path is not None and out.exists() and path.exists():
            return out.samefile(path) or (path.is_dir() and out.resolve().parent == path.resolve())
    return False
