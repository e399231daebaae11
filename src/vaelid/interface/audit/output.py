"""A report in the form that was asked for, and the files beside it."""

import sys
from pathlib import Path
from typing import Any

from vaelid.auditor import Report
from vaelid.interface.audit.page import render
from vaelid.interface.audit.plain import lines
from vaelid.interface.audit.rocq import rocq_file
from vaelid.interface.audit.sarif import sarif
from vaelid.interface.files import write_atomically

__all__ = ["answer", "write_files"]


def answer(report: Report, form: str) -> str | dict[str, Any]:
    """The report as text, or for the forms ``json`` and ``sarif`` as the data of it."""
    if form == "json":
        return report.as_data()
    return sarif(report) if form == "sarif" else "\n".join(lines(report))


def write_files(report: Report, *, html: str | None, rocq: str | None, command: str) -> None:
    """The page and the Rocq file, where they were asked for. `command` is what makes them again."""
    if html is not None:
        write_atomically(Path(html), render(report, command).encode())
    if rocq is not None:
        text = rocq_file(report)
        if text is None:
            print(f"vaelid: {rocq} was not written: no claim carries a theorem.", file=sys.stderr)
        else:
            write_atomically(Path(rocq), text.encode())
