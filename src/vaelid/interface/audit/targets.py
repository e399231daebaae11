"""TARGET: ``file.py:name`` or ``module:name``, to the object it names. The file is run; the name is not evaluated."""

import difflib
import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from vaelid.interface.audit.failures import run_users_code
from vaelid.interface.audit.places import relative_path
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["Target", "find_object", "is_a_place"]


@dataclass(frozen=True)
class Target:
    """A thing in the user's code: how they name it, what it is, and the module it is in."""

    name: str
    value: Any
    module: ModuleType


def is_a_place(name: str) -> bool:
    """Whether this is a folder or a whole file, in which things are still to be found."""
    return Path(name).is_dir() or (name.endswith(".py") and ":" not in Path(name).name)


def find_object(name: str, meant: str = "TARGET") -> Target:
    """The object that `name` names. `meant` is the option that it was given to, for messages.

    Raises `InputError` when there is none, and `UserCodeError` when the file raises while it is loaded.
    """
    place, colon, path = name.rpartition(":")
    parts = path.split(".")
    if not (colon and place):
        raise InputError(f"{meant} is {name!r}: expected file.py:name or module:name, model.py:loss for instance.")
    if not all(part.isidentifier() for part in parts):
        raise InputError(
            f"{meant} is {name!r}: {path!r} is no name. Only names joined by dots are followed, nothing is called: "
            "make the object in your file, step = make() say, and name that."
        )
    module = _file(Path(place), meant) if place.endswith(".py") else _module(place)
    value: Any = module
    for number, part in enumerate(parts):
        value = _member(value, part, ".".join([f"{place}:{parts[0]}", *parts[1:number]]) if number else place)
    return Target(name, value, module)


def _file(path: Path, meant: str) -> ModuleType:
    """The module that the file is: by its full name in a package, so that relative imports work."""
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
        hint = f"did you mean {path.with_name(near[0])}?" if near else f"check the path (looked in {Path.cwd()})."
        raise InputError(f"{meant}: {path} does not exist: {hint}")
    path = path.resolve()
    folder, names = path.parent, [path.stem]
    while (folder / "__init__.py").exists():
        folder, names = folder.parent, [folder.name, *names]
    _see(folder)
    if len(names) > 1:
        return run_users_code(relative_path(path), lambda: importlib.import_module(".".join(names)))
    loaded = sys.modules.get(path.stem)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    # a user's random.py or types.py must not take the place of Python's own
    name = path.stem if loaded is None else f"{path.stem} (audited)"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    execute = spec.loader.exec_module
    sys.modules[name] = module  # dataclasses look their module up
    try:
        run_users_code(relative_path(path), lambda: execute(module))
    except UserCodeError:
        del sys.modules[name]
        raise
    return module


def _module(name: str) -> ModuleType:
    _see(Path.cwd())
    try:
        return run_users_code(f"the module {name}", lambda: importlib.import_module(name))
    except UserCodeError as error:
        cause = error.__cause__
        if isinstance(cause, ModuleNotFoundError) and f"{name}.".startswith(f"{cause.name}."):
            raise InputError(
                f"there is no module {cause.name} (looked in {Path.cwd()} and in the environment): name a file as "
                "path/to/file.py:name, or install it."
            ) from None
        raise


def _see(folder: Path) -> None:
    """Let imports be found in the folder, first of all, as when a file in it is run."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _member(owner: Any, name: str, shown_owner: str) -> Any:
    missing = object()
    value = run_users_code(f"{shown_owner}.{name}", lambda: getattr(owner, name, missing))
    if value is not missing:
        return value
    known = [member for member in dir(owner) if not member.startswith("_")]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if not near and isinstance(owner, ModuleType):
        known = [k for k, v in vars(owner).items() if callable(v) and getattr(v, "__module__", "") == owner.__name__]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"It has {', '.join(known[:8]) or 'no names'}."
    raise InputError(f"{shown_owner} has no {name!r}. {hint}")
