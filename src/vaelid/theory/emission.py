"""The definitions of the spec as a Rocq file: what the proofs in `proofs/` are about."""

from vaelid.readings.terms.rocq import rocq_definition
from vaelid.theory.library.definitions import DEFINITIONS

__all__ = ["rocq_file"]

_HEAD = """\
(** Emitted from the Python specification by [vaelid theorems --emit-rocq]: do not edit.
    Each definition is an executed function, called on symbolic arrays. Sizes come first;
    a vector is a function of the index; a record is given by its leaves. *)
From Coq Require Import Reals.
From Vaelid.base Require Import FiniteSums.
Open Scope R_scope.
"""


def rocq_file() -> str:
    """The text of `proofs/spec/Gen.v`: each definition under its Python file and line."""
    parts = [_HEAD]
    for definition in DEFINITIONS:
        path, line = definition.place
        parts += [f"(** {path}:{line} *)\n{rocq_definition(symbol)}\n" for symbol in definition.symbols]
    return "\n".join(parts)
