"""What holds, and by what: proved, tested, assumed, and what this version does not have."""

import math
from html import escape

from vaelid.interface.html.numbers import power_of_ten
from vaelid.interface.objective import NLL_TWINS
from vaelid.interface.run_page.content import RunReport
from vaelid.theory.kernel import AXIOMS
from vaelid.train.twins import TWINS

__all__ = ["guarantees_section"]

ICONS = {
    "proved": '<rect x="3" y="3" width="18" height="18"/><path d="M7.5 12.5l3 3 6-7"/>',
    "tested": '<path d="M4 4v16M9 4v16M14 4v16M19 4v16M1 17L23 7"/>',
    "assumed": '<rect x="3" y="3" width="18" height="18" stroke-dasharray="4 3"/>',
    "absent": '<circle cx="12" cy="12" r="9" stroke-dasharray="1 4" stroke-linecap="round"/>',
}


_PROVERS = f"By z3 and cvc5, each on its own, from {len(AXIOMS)} axioms; about real numbers, for every batch size"


def _bound(relative: float) -> str:
    """As in "10⁻⁶", "2 × 10⁻⁶"."""
    power = math.floor(math.log10(relative) + 1e-9)
    factor = round(relative / 10.0**power, 1)
    return power_of_ten(power) if factor == 1 else f"{factor:g} × {power_of_ten(power)}"


def _proved(report: RunReport) -> list[str]:
    """What the audit of the trained loss proved, in the words of the terminal."""
    return [f"The loss it minimised is {escape(report.objective.finding)}."]


def _tested(report: RunReport) -> list[str]:
    family = report.evaluation.likelihood.partition(":")[0]
    name = escape(report.evaluation.likelihood)
    items = [
        "The KL that was trained differs from its definition by at most "
        f"{_bound(TWINS['kl_sum'].relative)} of its size."
    ]
    if family in NLL_TWINS:
        bound = _bound(TWINS[NLL_TWINS[family]].relative)
        items.append(f"The <code>{name}</code> NLL likewise, by at most {bound} of the size of its terms.")
    items.append("The importance-weighted bound is never below the ELBO of the same draws, in floating point too.")
    return items


def _assumed(report: RunReport) -> list[str]:
    items = ["<code>torch.randn</code> draws independent N(0,&nbsp;1) numbers."]
    if report.evaluated != "training":
        items.append(f"The {report.evaluated} rows are like those you care about: they are a random part of your data.")
    items.append("Figures with ± are estimates from these rows and draws: bounds hold of their expectation.")
    return items


def _absent(report: RunReport) -> list[str]:
    items = ["<b>Certified:</b> no figure is enclosed in an interval; all are float arithmetic."]
    if report.objective.verdict != "PROVED":
        found = f"{report.objective.verdict}, {escape(report.objective.finding)}"
        items.insert(0, f"<b>Proved:</b> nothing about the loss of this run. Its audit says: {found}.")
    return items


def guarantees_section(report: RunReport) -> str:
    """The section of the page, a column for each kind."""
    version = escape(str(report.config["vaelid"]))
    columns = [
        (
            "tested",
            "Tested",
            "By vaelid's test suite, against definitions at 50 digits; says nothing of cases not tried",
            _tested(report),
        ),
        ("assumed", "Assumed", "Nothing here checks it", _assumed(report)),
        ("absent", "Not here", f"Not for this run, by vaelid {version}", _absent(report)),
    ]
    if report.objective.verdict == "PROVED":
        columns.insert(0, ("proved", "Proved", _PROVERS, _proved(report)))
    drawn = "".join(
        f'<div class="{kind}"><h3><svg viewBox="0 0 24 24" aria-hidden="true">{ICONS[kind]}</svg> {title}</h3>'
        f'<p class="small">{words}</p><ul>{"".join(f"<li>{item}</li>" for item in items)}</ul></div>'
        for kind, title, words, items in columns
    )
    return (
        '<section aria-labelledby="guarantees"><h2 id="guarantees" class="wide">What is guaranteed, and by what</h2>'
        f'<div class="wide claims">{drawn}</div></section>'
    )
