"""Theorems in one file that Rocq checks by itself."""

from vaelid.theory.export.document import rocq_file, rocq_file_of
from vaelid.theory.export.refusal import NotExported

__all__ = ["NotExported", "rocq_file", "rocq_file_of"]
