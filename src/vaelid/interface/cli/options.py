"""Kinds of option values, and options that several commands share."""

import difflib
import json
import math
import os
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["FILE", "RUN", "SHARE", "WIDTHS", "as_json", "config_file", "debug", "print_json", "typed_command"]


class Folder(click.Path):
    """A folder's path. The empty path is none: it would be the present folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("the folder's name is empty.", param, ctx)
        return super().convert(value, param, ctx)


RUN = Folder(path_type=Path)


class Written(click.Path):
    """The path of a file to write: what no file can be written to is refused before any work is done."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if value == "":
            self.fail("the file's name is empty.", param, ctx)
        path = super().convert(value, param, ctx)
        if os.path.isdir(path):
            self.fail(f"{str(path)!r} is a folder: expected a file's name.", param, ctx)
        return path


FILE = Written(path_type=Path)


class Widths(click.ParamType):
    """Layer widths: ``256,128``, or ``none`` for a linear map; a list in a configuration file."""

    name = "widths"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The widths as a tuple."""
        if isinstance(value, list | tuple):
            parts = list(map(str, value))
        else:
            parts = [] if value.strip().lower() in ("", "none") else value.split(",")
        try:
            return tuple(int(part) for part in parts)
        except ValueError:
            self.fail(f"{value!r} is not a list of widths: give 256,128 for instance, or none.", param, ctx)


WIDTHS = Widths()


class Share(click.FloatRange):
    """A share of the data. Click lets NaN pass every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail(f"{share} is no share of the data.", param, ctx)
        return share


SHARE = Share(0, 1, max_open=True)

as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
# Read by `main` before the command is parsed; here so that --help shows it.
debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")


def print_json(value: Any) -> None:
    """Print one line of JSON; what is not finite (the standard error of one row) is null."""
    click.echo(json.dumps(_finite(value), allow_nan=False))


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(member) for key, member in value.items()}
        case list() | tuple():
            return [_finite(member) for member in value]
        case float() if not math.isfinite(value):
            return None
    return value


def _read_config(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    """Take the options of a TOML file as defaults, which flags override."""
    if path is None:
        return
    from vaelid.interface.files import read_bytes

    data = read_bytes(path)
    try:
        values = tomllib.loads(data.decode())
    except RecursionError:
        raise click.BadParameter(f"{path} is nested too deeply: expected options and their values.") from None
    except ValueError as cause:  # of TOML, of UTF-8, or of a number of thousands of digits
        raise click.BadParameter(f"{path} is not TOML: {cause}.") from None
    known = [p.name for p in ctx.command.params if p.name and p.name not in ("config", "as_json", "debug")]
    options = {}
    for key, value in values.items():
        name = key.replace("-", "_")
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(sorted(known))}."
            raise click.BadParameter(f"{path}: {key!r} is not an option of {ctx.command_path}. {hint}")
        # as text, as if typed: click would take 2.5 for a whole number otherwise
        options[name] = value if isinstance(value, list) and name == "hidden" else str(value)
    ctx.default_map = {**(ctx.default_map or {}), **options}


def config_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config FILE.toml``."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        callback=_read_config,
        is_eager=True,
        expose_value=False,
        help="A TOML file of options; flags override it.",
    )(command)


def typed_command() -> str:
    """The command as it was given to `vaelid`, quoted so that a shell reads it again."""
    return shlex.join(["vaelid", *click.get_current_context().find_root().obj])
