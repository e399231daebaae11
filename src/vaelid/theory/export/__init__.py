"""Theorems in one file that Rocq checks by itself."""

from vaelid.theory.export.canonical import NotExported
from vaelid.theory.export.document import rocq_file, rocq_file_of

__all__ = ["NotExported", "rocq_file", "rocq_file_of"]
