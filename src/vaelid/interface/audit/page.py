"""`render_audit`: an audit as one HTML page that loads nothing. The heading is the finding."""

from html import escape

from vaelid.auditor import Claim, Report
from vaelid.auditor.findings.bugs import BUGS
from vaelid.interface.audit.asked import EXIT
from vaelid.interface.audit.code import panels
from vaelid.interface.audit.parts import badge, formula, number_line, prose, section, sentence
from vaelid.interface.audit.places import file_and_line, relative_path
from vaelid.interface.audit.words import EXPECTED, at_point, deciding, interval, mend, place, sized
from vaelid.interface.html.numbers import four_digits
from vaelid.interface.html.page import asset, page
from vaelid.readings.terms.text import text

__all__ = ["render_audit"]

_MARKS = {"REFUTED": "bad", "PROVED": "good", "UNKNOWN": "unsure", "OTHER": "apart"}
_LONGEST_HEADING = 110
_CLAIMS = ("sampler", "divergence", "reconstruction", "objective", "evaluation")


def _bar(report: Report) -> list[str]:
    found = file_and_line(report.source)
    where = f"{relative_path(found[0])}:{found[1]}" if found else ""
    name = report.target.rpartition(":")[2]
    parts = ["<b>vaelid</b> audit", f"<code>{escape(where)}</code> <code>{escape(name)}</code>", escape(sized(report))]
    ended = f"{report.seconds:.1f} s, exit status {EXIT[report.verdict]}"
    return [*filter(None, parts), ended]


def _heading(report: Report) -> tuple[str, str]:
    """The finding as a heading, and what is left of a long one: its first clause, then the bug and its line."""
    if len(report.summary) <= _LONGEST_HEADING:
        return report.summary, ""
    first, _, rest = report.summary.partition(": ")
    claim = deciding(report)
    if claim and claim.bug in BUGS:
        first = f"{first}: {BUGS[claim.bug].title}"
    if claim and (found := file_and_line(claim.source)):
        first = f"{first}, line {found[1]}"
    return f"{first.rstrip('.')}.", rest


def _header(report: Report) -> str:
    claim = deciding(report)
    heading, rest = _heading(report)
    lede = [sentence(rest)] if rest else []
    if claim and claim.reason.rstrip(".") not in report.summary:
        lede.append(sentence(claim.reason))
    if claim and (advice := mend(claim)):
        lede.append(f"<b>{sentence(advice)}</b>")
    elif report.advice and report.verdict == "PROVED":
        lede.append(f"<b>{sentence(report.advice)}</b>")
    calls = "".join(
        f'<p class="call refuted"><b>{other.name.capitalize()} is refuted:</b> {sentence(other.reason)}</p>'
        for other in report.claims
        if other.verdict == "REFUTED" and report.verdict == "PROVED"
    )
    below = f'<p class="lede">{" ".join(lede)}</p>' if lede else ""
    return (
        f'<header class="top">{badge(report.verdict, "big")}<h1>{prose(heading)}</h1>{below}{calls}'
        f"{_keys(report)}</header>"
    )


def _keys(report: Report) -> str:
    items = []
    if report.beta_effective is not None:
        below = f"{escape(report.beta_formula)}, " if report.beta_formula else ""
        at = f"at {sized(report)}" if report.sizes else "at the recorded sizes"
        items.append(("β, the KL’s weight", four_digits(report.beta_effective), f"{below}{escape(at)}"))
    if report.observation_variance is not None and report.beta_effective != 1:
        deviation = report.observation_variance**0.5
        items.append(
            ("variance at which β is 1", four_digits(report.observation_variance), f"σ = {four_digits(deviation)}")
        )
    items += [(name, value, "") for name, value in (("p(x|z)", report.likelihood), ("prior", report.prior)) if value]
    drawn = "".join(
        f'<div><dt>{name}</dt><dd class="{"n" if below else "w"}">{escape(value)}</dd><dd>{below}</dd></div>'
        for name, value, below in items
    )
    return f'<dl class="keys">{drawn}</dl>' if items else ""


def _where(report: Report) -> str:
    """The user's lines, beside what each computes."""
    claim = deciding(report)
    ordered = sorted(report.claims, key=lambda c: c is not claim)
    marks = [(*found, _MARKS[c.verdict]) for c in ordered if (found := file_and_line(c.source))]
    if start := file_and_line(report.source):
        marks.insert(bool(claim and claim.source), (*start, ""))  # the whole function, after the line that decides
    drawn = "".join(panel.html() for panel in panels(marks))
    told = _computed(report)
    if not drawn and not told:
        return ""
    line = file_and_line(claim.source) if claim else None
    title = f"What line {line[1]} computes" if line and claim and claim.formula else "The code, and what it computes"
    return section("where", title, f'<div class="wide two src"><div>{drawn}</div><div class="forms">{told}</div></div>')


def _computed(report: Report) -> str:
    first = deciding(report)
    parts = [_formulas(first)] if first else []
    if report.formula and (first is None or report.formula != first.formula):
        parts.append(f"<h3>the loss, as it was read</h3>{formula(report.formula)}")
    for claim in report.claims:
        if claim is not first and claim.formula:
            parts.append(f"<h3>{badge(claim.verdict, word=False)} {_source_words(claim)}</h3>{formula(claim.formula)}")
    return "".join(parts)


def _source_words(claim: Claim) -> str:
    found = file_and_line(claim.source)
    return f"{f'line {found[1]}, ' if found else ''}the {claim.name}"


def _formulas(claim: Claim) -> str:
    found = file_and_line(claim.source)
    who = f"line {found[1]}" if found else "the code"
    shown_formula = formula(claim.formula) if claim.formula else f'<p class="told">{sentence(claim.reason)}</p>'
    computed = f"<h3>{badge(claim.verdict, word=False)} {who} {'computes' if claim.formula else 'is at fault'}</h3>"
    if claim.verdict != "REFUTED":
        computed = f"<h3>{badge(claim.verdict, word=False)} {who}</h3>"
        return computed + shown_formula
    words, right = EXPECTED.get(claim.name, ("", ""))
    wanted = f"<h3>{badge('PROVED', word=False)} {words}</h3>{formula(right)}" if words else ""
    return computed + shown_formula + wanted


def _witness(report: Report) -> str:
    claim = next((claim for claim in report.claims if claim.witness and claim.verdict == "REFUTED"), None)
    if claim is None or claim.witness is None:
        return ""
    seen = claim.witness
    rows = (
        ("at", escape(at_point(seen.point))),
        ('<span class="bad">✕</span> the code gives', interval(seen.computed)),
        ('<span class="good">■</span> expected', interval(seen.expected)),
    )
    table = "".join(f'<tr><th scope="row">{name}</th><td class="num">{value}</td></tr>' for name, value in rows)
    rounded = "+/-" in seen.computed + seen.expected
    bounds = "The bounds are rigorous (ball arithmetic) and exclude each other: no rounding excuses the difference."
    exact = "Both numbers are exact." if claim.name != "examination" else "The numbers are those of runs, rounded."
    words = f"{sentence(seen.meaning)} {bounds if rounded else exact}"
    told = f'<table class="wt"><tbody>{table}</tbody></table><p class="small">{words}</p>'
    drawing = number_line(seen)
    body = f'<div class="wide two">{drawing}<div>{told}</div></div>' if drawing else f"<div>{told}</div>"
    return section("witness", "One point settles it" if seen.point else "Two numbers settle it", body)


def _mending(report: Report) -> str:
    claim = deciding(report)
    parts = []
    if claim and claim.bug in BUGS:
        bug = BUGS[claim.bug]
        where = place(claim.source)
        parts.append(
            f"<p><b>{escape(bug.title.capitalize())}</b>{f', {escape(where)}' if where else ''}. {prose(bug.mend)}</p>"
        )
    if report.advice:
        parts.append(f"<p>{prose(report.advice)}</p>")
    return section("mend", "How to mend it", "".join(parts)) if parts and report.verdict != "PROVED" else ""


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    items = "".join(f"<li>{sentence(note)}</li>" for note in report.notes)
    return section("notes", "Worth knowing", f'<ul class="plain">{items}</ul>')


def _basis(claim: Claim) -> str:
    """What carries the verdict."""
    if claim.theorems:
        return f"{len(claim.theorems)} theorem{'s' if len(claim.theorems) > 1 else ''}"
    if claim.witness or claim.verdict == "UNKNOWN":
        return "the witness" if claim.witness else "—"
    return "the other claims" if claim.name == "objective" else "the recorded run"


def _claim_rows(report: Report) -> str:
    rows = []
    for claim in report.claims:
        where = place(claim.source)
        weight = f" Weight: {escape(claim.weight)}." if claim.weight else ""
        rows.append(
            f'<tr><th scope="row">{claim.name}</th><td>{badge(claim.verdict)}</td><td>{sentence(claim.reason)}{weight}'
            f'{f" <small>{escape(where)}</small>" if where else ""}</td><td data-l="rests on">{_basis(claim)}</td></tr>'
        )
    return "".join(rows)


def _claims(report: Report) -> str:
    examined = {claim.name for claim in report.claims}
    absent = [name for name in _CLAIMS if name not in examined]
    left = f'<p class="small wide">Not examined: {", ".join(absent)}.</p>' if absent else ""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("claim", "verdict", "because", "rests on"))
    table = (
        f'<table class="wide stack claims"><thead><tr>{head}</tr></thead><tbody>{_claim_rows(report)}</tbody></table>'
    )
    title = "The five claims" if not absent else "The claims" if len(examined) > 1 else "The claim"
    return section("claims", title, table + left)


def _theorems(report: Report) -> str:
    proved = [(claim.name, theorem) for claim in report.claims for theorem in claim.theorems]
    if not proved:
        return ""
    items = "".join(f"<h3>{name}</h3>{formula(text(theorem.statement))}" for name, theorem in proved)
    words = "Made by vaelid’s kernel: z3 and cvc5 both accept every step. Each is about real numbers, for every size."
    return section(
        "theorems", "The theorems it rests on", f'<p class="small">{words}</p><div class="wide">{items}</div>'
    )


def _ledger(report: Report) -> str:
    """What has to hold besides algebra, and the evidence for it."""
    if not report.premises:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("premise", "evidence", "in words"))
    rows = "".join(
        f'<tr><th scope="row">{one.name}</th><td>{one.evidence}</td><td>{sentence(one.words)}</td></tr>'
        for one in report.premises
    )
    table = f'<table class="wide stack"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return section("ledger", "What has to hold besides algebra", table)


def _assumptions(report: Report) -> str:
    assumed = dict.fromkeys([*report.assumptions, *(a for claim in report.claims for a in claim.assumptions)])
    items = "".join(f"<li>{sentence(assumption)}</li>" for assumption in assumed)
    steps = (
        "<b>Recorded</b> your code as it ran, operation by operation.",
        "<b>Read</b> the record as a formula; what encoder and decoder do stays unknown.",
        "<b>Compared</b> the formula with what it is taken for.",
        "<b>Proved</b> with two solvers, or <b>refuted</b> at a point with rigorous bounds; else it is UNKNOWN.",
        "<b>Run again</b> at other weights, data and noise, and held against that.",
    )
    how = f'<ol class="steps">{"".join(f"<li>{step}</li>" for step in steps)}</ol>'
    granted = f'<div><h3>Assumptions</h3><ul class="plain">{items}</ul></div>' if items else ""
    return section("how", "How this was decided, and what it assumes", f'<div class="wide two">{how}{granted}</div>')


def render_audit(report: Report, command: str = "") -> str:
    """The page. `command` is what makes it again."""
    again = f"Again: <code>{escape(command)}</code> &nbsp; " if command else ""
    return page(
        title=f"{report.verdict}: {report.target} · vaelid audit",
        description=report.summary,
        styles=[asset("vaelid.interface.audit", "audit.css")],
        bar=_bar(report),
        sections=(
            _header(report),
            _where(report),
            _witness(report),
            _mending(report),
            _notes(report),
            _claims(report),
            _ledger(report),
            _theorems(report),
            _assumptions(report),
        ),
        footer=f"{again}For machines: <code>--json</code>, <code>--sarif</code>",
    )
