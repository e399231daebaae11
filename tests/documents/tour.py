"""`docs/auditor.md`: one loss followed through the rooms of the auditor, with what each really hands on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.verdict import verdict
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.pipeline import WEAKER, Asked, assess
from vaelid.auditor.recording.calls import call_of, fewer_rows
from vaelid.auditor.step import audit
from vaelid.readings.terms.syntax import Term
from vaelid.readings.terms.text import text

from . import tour_step

__all__ = ["tour"]

CODE = Path(tour_step.__file__).read_text()
TEMPLATE = (Path(__file__).parent / "tour.md").read_text()
WRONG = ("- logvar.exp()", "- logvar")
"""A change of the step that is refuted."""
STUDENT = ("0.5 * (x - decoder(z)).pow(2).sum()", "2 * torch.log1p((x - decoder(z)).pow(2) / 3).sum()")
"""One that is not decided: a Student-t likelihood."""
WEAKER_READINGS = {
    "InsideOfLatent": ("nothing: z is looked for inside what is decoded", "`decoder(tanh(z))`"),
    "ConstantSums": ("sums of constants but for their recorded value", "`loss / mask.sum()`"),
    "NoStabilisers": ("constants of at most 1e-5 inside a logarithm", "`log(p + 1e-8)`"),
    "SizeFactors": ("that a sum of a row's data, given to the decoder, is data", "a cell's library size"),
    "NoIdleClamps": ("clamps that did nothing when recorded; not those of z's mean or variance", "`p.clamp(0, 1)`"),
    "FixedLengths": ("all lengths but those recorded, except for the number of rows", "`kl / 784`"),
    "EqualShares": ("all lengths but those recorded", "the sum of the means of two chunks"),
}
"""What each leaves out, and an example."""


def tour() -> str:
    """The document, from an audit of `tour_step.step`."""
    batch = tour_step.batch
    asked = Asked(tour_step.step, (call_of(batch), call_of(fewer_rows(batch))))
    run, assessed = asked.formula(), assess(asked)
    report = verdict(assessed, Declared(), audited=Audited("step"))
    parts = {
        "code": f"```python\n{CODE.strip()}\n```",
        "events": _events(run),
        "count": str(len(run.recording.events)),
        "formula": _block([assessed.names.text(run.term.term)]),
        "leaves": _leaves(run),
        "model": _model(assessed),
        "groups": _groups(assessed),
        "theorem": _block([text(_theorem_of_divergence(assessed))]),
        "report": _block(str(report).replace(tour_step.__file__, "step.py").split("\n")),
        "weaker": _weaker(),
        "refuted": _changed_report(*WRONG, unlike=str(report)),
        "unknown": _changed_report(*STUDENT, unlike=str(report)),
        "ledger": _block(map(str, audit(tour_step.step, batch).premises)),
    }
    document = TEMPLATE
    for name, part in parts.items():
        document = document.replace("{" + name + "}", part)
    return document


def _block(lines: Iterable[str]) -> str:
    return "\n".join(["```text", *lines, "```"])


def _line(source: str) -> str:
    number = int(source.rpartition(":")[2])
    return f"{number}  {CODE.splitlines()[number - 1].strip()}"


def _events(run: Formula) -> str:
    of_line: dict[str, list[str]] = {}
    for event in run.recording.events:
        of_line.setdefault(_line(event.source), []).append(event.operation)
    return _block(f"{line:<62} {', '.join(operations)}" for line, operations in of_line.items())


def _leaves(run: Formula) -> str:
    rows = ["| leaf | what it is | shape | made from |", "|---|---|---|---|"]
    for name, leaf in run.reading.leaves.items():
        what = {"argument": "the batch", "parameter": "a parameter", "noise": f"a draw, {leaf.law}"}
        shape = " × ".join(map(str, leaf.tensor.shape))
        inputs = ", ".join(f"`{n}`" for n in sorted(leaf.inputs))
        rows.append(f"| `{name}` | {what.get(leaf.kind, f'output of `{leaf.operation}`')} | {shape} | {inputs} |")
    return "\n".join(rows)


def _model(assessed: Assessed) -> str:
    question, names = assessed.question, assessed.names
    (posterior,) = question.posteriors
    return _block(
        [
            f"posterior   mean {names.text(posterior.mean)}, log-variance {names.text(posterior.log_variance)}",
            f"its noise   {posterior.noise}",
            f"decoded     {', '.join(sorted(question.outputs))}",
            f"data        {', '.join(sorted(question.data))}",
        ]
    )


def _groups(assessed: Assessed) -> str:
    lines = []
    for group in assessed.objective.groups:
        assert group.found is not None
        name = group.found.target.name
        quantity = f"KL(q || {name})" if isinstance(group.kind, Divergence) else f"-log p(x|z), {name}"
        lines += [
            f"{group.kind}",
            f"  summand   {assessed.names.text(group.body)}",
            f"  is        {assessed.weights[group.kind]} times {quantity}",
        ]
    return _block(lines)


def _theorem_of_divergence(assessed: Assessed) -> Term:
    theorem = assessed.objective.group(Divergence(0)).theorem
    return assessed.names.theorem(theorem, {}).statement


def _weaker() -> str:
    rows = ["| reading | what it leaves out | example |", "|---|---|---|"]
    for weaker in WEAKER:
        name = type(weaker).__name__
        rows.append(f"| `{name}` | {' | '.join(WEAKER_READINGS[name])} |")
    return "\n".join(rows)


def _changed_report(old: str, new: str, *, unlike: str) -> str:
    """The report on the step with something else in one place, without the lines of the unchanged step's."""
    assert CODE.count(old) == 1
    scope: dict[str, Any] = {}
    exec(compile(CODE.replace(old, new), "step.py", "exec"), scope)
    known = unlike.replace(tour_step.__file__, "step.py").split("\n")
    return _block(line for line in str(audit(scope["step"], scope["batch"])).split("\n") if line not in known)
