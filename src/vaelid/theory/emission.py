"""What is emitted to Rocq: the definitions of the spec, the kernel's axioms, and floats that the spec has computed."""

from collections.abc import Mapping

from vaelid.readings.terms.rocq import rocq_definition, rocq_proposition
from vaelid.theory.float_samples import float_samples_file, samples_are_current
from vaelid.theory.kernel import AXIOMS
from vaelid.theory.library.definitions import DEFINITIONS

__all__ = ["EMITTED", "definitions_file", "emitted_files"]

_DEFINITIONS, _SAMPLES = EMITTED = ("spec/Gen.v", "objective/FloatSamples.v")

_HEAD = """\
(** Emitted from the Python specification by [vaelid theorems --emit-rocq]: do not edit.
    Each definition is an executed function, called on symbolic arrays. Sizes come first;
    a vector is a function of the index; a record is given by its leaves. *)
From Coq Require Import Reals.
From Vaelid.base Require Import FiniteSums.
Open Scope R_scope.
"""
_AXIOMS = """\
(** ** The axioms of the SMT kernel

    As propositions, printed from the terms that the kernel takes as true; [spec.KernelAxioms]
    proves each. *)
"""


def emitted_files(kept: Mapping[str, str]) -> dict[str, str]:
    """Every emitted file of the development: its path in `proofs/`, and what its text should be.

    `kept` has the texts of those that are there. Samples that are current stay as they are: floats that another
    processor computed may differ in their last bits, and are as good, since each is certified.
    """
    samples = kept.get(_SAMPLES, "")
    return {
        _DEFINITIONS: definitions_file(),
        _SAMPLES: samples if samples_are_current(samples) else float_samples_file(),
    }


def definitions_file() -> str:
    """The text of `proofs/spec/Gen.v`: each definition under its Python file and line; then the axioms."""
    parts = [_HEAD]
    for definition in DEFINITIONS:
        path, line = definition.place
        parts += [f"(** {path}:{line} *)\n{rocq_definition(symbol)}\n" for symbol in definition.symbols]
    axioms = [f"{rocq_proposition(f'axiom_{name}', axiom.statement)}\n" for name, axiom in AXIOMS.items()]
    return "\n".join([*parts, _AXIOMS, *axioms])
