"""Packages whose names are imported when they are first asked for (PEP 562): `import vaelid` loads no torch.

The stub beside a package, `__init__.pyi`, is its table of contents: type checkers read it, and so does `attach`.
"""

import sys
from _thread import RLock
from collections.abc import Callable
from importlib import import_module

# No `typing`, `threading` or `importlib.util` here: they take longer than the rest of `import vaelid`, and while
# `python -m vaelid` does that, an interruption is not yet ours to answer.
import lazy_loader

__all__ = ["attach"]


def attach(
    package: str, file: str, *, version: str | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """The `__getattr__`, `__dir__` and `__all__` of a package: of the names that its stub imports.

    With the name of a distribution in `version`, the package has a `__version__` too. Its modules are found as if they
    had been imported. Nothing inside a package may ask the package itself for a name: a thread that imports it would
    wait for one that waits for it.
    """
    resolve, _, exported = lazy_loader.attach_stub(package, file)
    names = [*exported, "__version__"] if version else exported
    lock = RLock()  # of two threads that ask first, none may see a module that the other has half made

    def attribute(name: str) -> object:
        if name not in names:
            from importlib.util import find_spec

            module = f"{package}.{name}"
            if not name.startswith("_") and find_spec(module):
                return import_module(module)
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        with lock:
            return _installed(version) if version and name == "__version__" else resolve(name)

    return attribute, names.copy, exported


def _installed(distribution: str) -> str:
    from importlib.metadata import version  # 25 ms, which no command but --version needs

    return version(distribution)
