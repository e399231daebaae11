"""A report as text for a terminal: the finding first, then the evidence, then the mend."""

import linecache
import textwrap

from vaelid.auditor import Claim, Report
from vaelid.interface.audit.places import file_and_line
from vaelid.interface.audit.words import EXPECTED, at_point, deciding, interval, mend, place, sized, with_intervals
from vaelid.interface.html.numbers import four_digits

__all__ = ["lines"]

_WIDTH = 100


def lines(report: Report) -> list[str]:
    """The report, line by line."""
    claim = deciding(report)
    parts = [_finding(report), _evidence(claim) if claim else [], _figures(report), _claims(report), _rest(report)]
    out: list[str] = []
    for part in filter(None, parts):
        out += [*([""] if out else []), *part]
    return out


def _wrapped(text: str, first: str = "", then: str | None = None) -> list[str]:
    hanging = " " * len(first) if then is None else then
    return textwrap.wrap(
        with_intervals(text), _WIDTH, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False
    )


def _finding(report: Report) -> list[str]:
    about = [report.target, place(report.source), sized(report), f"{report.seconds:.1f} s"]
    return [*_wrapped(report.summary, f"{report.verdict}  "), "  " + "  ·  ".join(filter(None, about))]


def _evidence(claim: Claim) -> list[str]:
    out = []
    found = file_and_line(claim.source)
    if found and (code := linecache.getline(*found).rstrip()):
        out += [f"  {place(claim.source)}", f"  > {code.strip()}"]
    if claim.formula:
        out += _wrapped(claim.formula, "  computes  ")
    if claim.verdict == "REFUTED" and claim.name in EXPECTED:
        words, formula = EXPECTED[claim.name]
        out += _wrapped(f"{words}  {formula}", "  ")
    if claim.witness:
        out += [
            f"  witness   {at_point(claim.witness.point)}",
            f"    computed  {interval(claim.witness.computed)}",
            f"    expected  {interval(claim.witness.expected)}",
            *_wrapped(claim.witness.meaning, "    "),
        ]
    if advice := mend(claim):
        out += _wrapped(advice, "  mend      ")
    return out


def _figures(report: Report) -> list[str]:
    beta = []
    if report.beta_effective is not None:
        beta.append(four_digits(report.beta_effective))
    if report.beta_formula is not None and report.beta_formula not in beta:
        beta.insert(0, report.beta_formula)
    named = {
        "objective": report.objective_name,
        "beta": " = ".join(beta),
        "beta is 1": report.observation_variance is not None
        and f"at variance {four_digits(report.observation_variance)}",
        "likelihood": report.likelihood,
        "prior": report.prior,
        "loss": report.formula,
    }
    if len(report.claims) < 2:
        named = {"computes": None if deciding(report) else report.formula}
    width = max(map(len, named)) + 2
    return [line for name, value in named.items() if value for line in _wrapped(str(value), f"  {name:{width}}")]


def _claims(report: Report) -> list[str]:
    if [claim.reason in report.summary for claim in report.claims] == [True]:
        return []
    out = []
    for claim in report.claims:
        where = place(claim.source)
        out += _wrapped(f"{claim.reason}{f' ({where})' if where else ''}", f"  {claim.verdict:8} {claim.name:15} ")
    return out


def _rest(report: Report) -> list[str]:
    assumed = dict.fromkeys([*report.assumptions, *(a for claim in report.claims for a in claim.assumptions)])
    out = [line for note in report.notes for line in _wrapped(note, "  note     ")]
    out += _wrapped(report.advice, "  advice   ") if report.advice else []
    out += [line for assumption in assumed for line in _wrapped(assumption, "  assumes  ")]
    return out + _ledger(report)


def _ledger(report: Report) -> list[str]:
    """What has to hold besides algebra, with its evidence, one premise a line."""
    return [
        line
        for premise in report.premises
        for line in _wrapped(f"{premise.evidence}: {premise.words}", f"  premise  {premise.name:9}")
    ]
