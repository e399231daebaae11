"""The command line."""

from vaelid.interface.cli.main import main

__all__ = ["main"]
