"""The data that a run's folder names, read only as far as a folder by somebody else may be trusted."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from vaelid.interface.data import Data, fingerprint, label_digest, load_data, load_path, say
from vaelid.interface.files import named_failures
from vaelid.interface.readers import IMAGE_SUFFIXES, shape_of
from vaelid.interface.schema import DataFacts
from vaelid.spec.errors import InputError
from vaelid.train.facts import shown

__all__ = ["recorded_data"]


def recorded_data(facts: DataFacts, run: Path) -> Data:
    """The run's own rows, loaded again; `InputError` where they are gone or are not those of its digest.

    Nothing is imported or called because a folder says so. A file that the folder names is used only if all its rows
    are those that the folder's digest was made of: whoever wrote the folder knew them already, so no report can hold
    rows that he does not have. What is in it is not quoted before.
    """
    source, notes = shown(facts.source), list[str]()
    match facts.kind:
        case "python":
            raise InputError(f"{run} was trained on data given in Python ({source}): name the DATA.")
        case "callable":
            raise InputError(
                f"{run} was trained on what {source} gave, and no code is run because a run's folder names it: if you "
                f"trust {source}, name it as the DATA."
            )
        case "digits":
            found = load_data("digits", scale=facts.scale)
        case "path":
            found = _file(facts, run, notes.append)
    if found.x.shape != (facts.rows, *facts.shape) or fingerprint(found) != facts.digest:
        _changed(facts, run)
    if label_digest(found) != facts.labels:
        raise InputError(
            f"the rows of {source} are those that {run} was trained on, but their labels are not: restore them, or "
            "name the DATA to use."
        )
    for note in notes:
        say(note)
    return found


def _changed(facts: DataFacts, run: Path) -> NoReturn:
    raise InputError(
        f"{shown(facts.source)} is no longer what {run} was trained on, so its split means nothing: name the DATA to "
        "use."
    )


def _file(facts: DataFacts, run: Path, tell: Callable[[str], None]) -> Data:
    """The rows of a regular file on this machine, or of a folder with as many images as the run has rows."""
    source, path = shown(facts.source), Path(facts.source)
    # on Windows the mere look at \\server\share sends the user's credentials there
    if facts.source.startswith(("\\\\", "//")) or "\0" in facts.source or not path.is_absolute():
        raise InputError(f"{run} was trained on {source}, which is no path of this machine: name the DATA.")
    part = None
    if not path.exists() and any(f"{suffix}:" in path.name.lower() for suffix in (".npz", ".csv")):
        name, _, part = path.name.rpartition(":")
        path = path.with_name(name)
    with named_failures(path, "read"):
        mode = path.stat().st_mode
        images = stat.S_ISDIR(mode) and sum(p.suffix.lower() in IMAGE_SUFFIXES for p in path.iterdir())
    if stat.S_ISDIR(mode) and images != facts.rows:
        _changed(facts, run)
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{run} was trained on {source}, which is no regular file now: name the DATA to use.")
    try:
        # a small compressed file may hold gigabytes: those that it says not to be the run's are not read
        if stat.S_ISREG(mode) and shape_of(path, part) not in (None, (facts.rows, *facts.shape)):
            _changed(facts, run)
        return load_path(facts.source, scale=facts.scale, tell=tell)
    except InputError:  # its text may quote the file
        _changed(facts, run)
