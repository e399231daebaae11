"""What an audit proved, as Rocq propositions over the emitted definitions of the specification."""

from vaelid.auditor import Report
from vaelid.readings.terms.rocq import rocq_proposition

__all__ = ["rocq_file"]

_HEAD = """\
(** Emitted by [vaelid audit --rocq] for {target}: {verdict}.
    Each proposition was proved by vaelid's kernel, z3 and cvc5 agreeing. It is stated here, not proved: a proof is
    [Theorem t : NAME. Proof. unfold NAME. ... Qed.] in a file that imports this one.
    Compile it in the folder [proofs/] of vaelid: coqc -Q . Vaelid FILE.v *)
From Coq Require Import Reals.
From Vaelid.base Require Import FiniteSums.
From Vaelid.spec Require Import Gen.
Open Scope R_scope.
"""


def rocq_file(report: Report) -> str | None:
    """The text of the file; None when no claim carries a theorem."""
    proved = [(claim.name, theorem) for claim in report.claims for theorem in claim.theorems]
    if not proved:
        return None
    parts = [_HEAD.format(target=report.target, verdict=report.verdict)]
    for number, (name, theorem) in enumerate(proved, 1):
        parts.append(f"{rocq_proposition(f'{name}_{number}', theorem.statement)}\n")
    return "\n".join(parts)
