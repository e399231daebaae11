"""From the text of a program to its step and batch: it is written to a file, as a user's would be, and imported."""

import atexit
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from .program import Program

FOLDER = Path(tempfile.mkdtemp(prefix="vaelid-programs-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def load(program: Program, peek: Callable | None = None) -> ModuleType:
    """The module. With `peek`, the variant that hands NLL and KL to it."""
    name = f"program_{program.index}" + ("_peek" if peek else "")
    path = FOLDER / f"{name}.py"
    path.write_text(program.source(peek=peek is not None))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    module.peek = peek
    sys.modules[name] = module  # dataclasses look for the module of their class
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module
