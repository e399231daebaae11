"""What Python and numpy keep for the whole process and is cheap to set back: warnings, paths, signals, variables."""

import builtins
import decimal
import gc
import locale
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextvars import ContextVar, copy_context
from typing import Any

import numpy as np

from vaelid.auditor.recording.kinds_of_switch import Switch, of_attribute, of_list

__all__ = ["OF_PYTHON"]

_ENVIRON: Any = vars(os.environ)["_data"]
_SIGNALS: Any = vars(signal)["_signal"]
_CAUGHT = tuple(int(s) for s in signal.valid_signals() if s not in {signal.SIGKILL, signal.SIGSTOP})
_OF_SYS = ("stdout", "stderr", "stdin", "argv", "excepthook", "displayhook", "unraisablehook", "dont_write_bytecode")
_KEPT_OTHERWISE = {"numpy.ufunc.extobj", "format_options", "decimal_context"}
"""Variables of a context in which numpy and `decimal` keep what has a switch of its own."""


def _environment(values: dict[Any, Any]) -> None:
    now = dict(_ENVIRON)
    for name in now.keys() - values.keys():
        os.unsetenv(name)
        del _ENVIRON[name]
    for name, value in values.items():
        if now.get(name) != value:
            os.putenv(name, value)
            _ENVIRON[name] = value


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _tell_of_warnings() -> None:
    """Tell what has looked at the warnings' filters before that these have changed."""
    vars(warnings).get("_filters_mutated", lambda: None)()


def _handle(kept: dict[Any, Any]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # no other thread can have changed them: it is not allowed to
    for number, handler in kept.items():
        if handler is not None and _SIGNALS.getsignal(number) != handler:
            signal.signal(number, handler)


def _builtins(kept: dict[str, Any]) -> None:
    now: Any = vars(builtins)
    for name in now.keys() - kept.keys():
        del now[name]
    now.update(kept)


def _variables() -> dict[ContextVar[Any], Any]:
    return {v: value for v, value in copy_context().items() if v.name not in _KEPT_OTHERWISE}


def _let_vary(kept: dict[ContextVar[Any], Any]) -> None:
    now = _variables()
    for variable, value in kept.items():
        if now.get(variable) is not value:
            variable.set(value)
    if added := [v.name for v in now if v not in kept]:
        raise ValueError(f"{', '.join(added)} had no value, and keeps the one that it got")


def _same_variables(one: dict[Any, Any], other: dict[Any, Any]) -> bool:
    return one.keys() == other.keys() and all(one[v] is other[v] for v in one)


def _many() -> Iterator[Switch]:
    for switch in (*of_list(warnings, "filters"), of_attribute(warnings, "showwarning")):
        yield switch.telling(_tell_of_warnings)
    yield Switch("working folder", _folder, lambda value: None if value is None else os.chdir(value))
    yield Switch("environment", lambda: dict(_ENVIRON), _environment)
    for name in ("path", "meta_path", "path_hooks"):
        yield from of_list(sys, name)
    for name in _OF_SYS:
        yield of_attribute(sys, name)
    yield of_attribute(threading, "excepthook")
    yield Switch("trace", sys.gettrace, sys.settrace)
    yield Switch("profile", sys.getprofile, sys.setprofile)
    yield Switch("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit)
    yield Switch("switch interval", sys.getswitchinterval, sys.setswitchinterval)
    yield Switch("digits of whole numbers", sys.get_int_max_str_digits, sys.set_int_max_str_digits)
    yield Switch("names of Python", lambda: dict(vars(builtins)), _builtins)
    yield Switch("signals", lambda: {n: _SIGNALS.getsignal(n) for n in _CAUGHT}, _handle)
    yield Switch("collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable())
    yield Switch("thresholds of collection", gc.get_threshold, lambda value: gc.set_threshold(*value))
    yield of_list(gc, "callbacks")[1]
    yield Switch("timeout of sockets", socket.getdefaulttimeout, socket.setdefaulttimeout)
    yield Switch("locale", lambda: locale.setlocale(locale.LC_ALL), lambda v: locale.setlocale(locale.LC_ALL, v))
    yield Switch("level of logs", lambda: logging.root.level, logging.root.setLevel)
    yield Switch("disabled logs", lambda: logging.root.manager.disable, logging.disable)
    yield from of_list(logging.root, "handlers")
    yield Switch(
        "decimal numbers",
        lambda: decimal.getcontext().copy(),
        decimal.setcontext,
        lambda one, other: repr(one) == repr(other),
    )
    yield Switch("numpy's errors", np.geterr, lambda value: np.seterr(**value))
    yield Switch("numpy's call on errors", np.geterrcall, np.seterrcall)
    yield Switch("numpy's buffers", np.getbufsize, np.setbufsize)
    yield Switch("numpy's printing", np.get_printoptions, lambda value: np.set_printoptions(**value))
    yield Switch("context variables", _variables, _let_vary, _same_variables)


OF_PYTHON: tuple[Switch, ...] = tuple(_many())
