"""A report as SARIF 2.1.0, for code review: one result for each claim that is not proved."""

from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vaelid.auditor import Claim, Report
from vaelid.auditor.findings.bugs import BUGS
from vaelid.interface.audit.asked import EXIT
from vaelid.interface.audit.places import file_and_line, relative_path
from vaelid.interface.audit.words import at_point, interval, mend, with_intervals

__all__ = ["sarif"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_KINDS = {"REFUTED": ("fail", "error"), "UNKNOWN": ("open", "none"), "OTHER": ("review", "none")}
"""Kind and level by verdict: where the kind is not `fail`, SARIF wants the level `none`."""


def sarif(report: Report) -> dict[str, Any]:
    """The log of one run."""
    claims = [claim for claim in report.claims if claim.verdict != "PROVED"]
    rules = list(dict.fromkeys(map(_rule, claims)))
    run = {
        "tool": {
            "driver": {
                "name": "vaelid",
                "version": version("vaelid"),
                "rules": [_described(rule) for rule in rules],
            }
        },
        "invocations": [{"executionSuccessful": True, "exitCode": EXIT[report.verdict]}],
        "originalUriBaseIds": {"%SRCROOT%": {"uri": f"{Path.cwd().as_uri()}/"}},
        "results": [_result(report, claim, rules) for claim in claims],
        "properties": {
            "verdict": report.verdict,
            "target": report.target,
            "summary": report.summary,
            "betaEffective": report.beta_effective,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(claim: Claim) -> str:
    return f"vaelid/{claim.bug or claim.name}"


def _described(rule: str) -> dict[str, Any]:
    name = rule.removeprefix("vaelid/")
    if name in BUGS:
        return {"id": rule, "shortDescription": {"text": BUGS[name].title}, "help": {"text": BUGS[name].mend}}
    return {"id": rule, "shortDescription": {"text": f"the loss's {name} is not proved"}}


def _result(report: Report, claim: Claim, rules: list[str]) -> dict[str, Any]:
    kind, level = _KINDS[claim.verdict]
    words = [f"{claim.verdict}, {claim.name}: {with_intervals(claim.reason).rstrip('.')}."]
    if claim.witness:
        seen, wanted = interval(claim.witness.computed), interval(claim.witness.expected)
        words.append(f"At {at_point(claim.witness.point)} it gives {seen}; expected {wanted}.")
    if advice := mend(claim):
        words.append(advice)
    found = {
        "ruleId": _rule(claim),
        "ruleIndex": rules.index(_rule(claim)),
        "kind": kind,
        "level": level,
        "message": {"text": " ".join(words)},
        "locations": _locations(claim.source or report.source),
    }
    return found


def _locations(source: str | None) -> list[dict[str, Any]]:
    found = file_and_line(source)
    if found is None:
        return []
    file, line = found
    relative = relative_path(file)
    if Path(relative).is_absolute():
        artifact = {"uri": Path(file).as_uri()}
    else:
        artifact = {"uri": quote(Path(relative).as_posix()), "uriBaseId": "%SRCROOT%"}
    return [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}}]
