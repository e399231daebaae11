"""A report in the form that was asked for, and the files beside it."""

import sys
from pathlib import Path
from typing import Any

from vaelid.auditor import Report
from vaelid.interface.audit.page import render_audit
from vaelid.interface.audit.plain import lines
from vaelid.interface.audit.sarif import sarif
from vaelid.interface.files import write_atomically
from vaelid.theory.export import NotExported, rocq_file

__all__ = ["in_form", "write_files"]


def in_form(report: Report, form: str) -> str | dict[str, Any]:
    """The report as text, or for the forms ``json`` and ``sarif`` as the data of it."""
    if form == "json":
        return report.as_data()
    return sarif(report) if form == "sarif" else "\n".join(lines(report))


def write_files(report: Report, *, html: str | None, rocq: str | None, command: str) -> None:
    """The page and the Rocq file, where they were asked for. `command` is what makes them again."""
    if html is not None:
        write_atomically(Path(html), render_audit(report, command).encode())
    if rocq is not None:
        _write_rocq(report, Path(rocq))


def _write_rocq(report: Report, path: Path) -> None:
    """What was proved; the verdict stands without it, so a lack is said and is no error."""
    theorems = [theorem for claim in report.claims for theorem in claim.theorems]
    try:
        text = rocq_file(theorems, title=f"vaelid audit {report.target}: {report.verdict}") if theorems else None
        lack = "no claim carries a theorem"
    except NotExported as reason:
        text, lack = None, str(reason)
    if text is None:
        print(f"vaelid: {path} was not written: {lack}.", file=sys.stderr)
    else:
        write_atomically(path, text.encode())
