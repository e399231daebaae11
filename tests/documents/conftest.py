"""The command line, as the tests of the interface type it."""

from tests.interface.conftest import folder, vaelid

__all__ = ["folder", "vaelid"]
