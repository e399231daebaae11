"""Write docs/bug-zoo.md: every file of the zoo, what an audit of it finds, and what its bug did to a model of digits.

`python examples/bug_zoo/render.py` audits each file as it is and mended, and takes the runs from measured.json.
"""

import ast
import sys
from dataclasses import dataclass

from tqdm import tqdm
from vaelid.auditor import Report, audit
from vaelid.auditor.findings.bugs import BUGS

from digits_run import EPOCHS, HERE, LATENT, is_grey, load, program
from measure import PICTURES, key, stored
from zoo import ZOO, Exhibit

PAGE = PICTURES.with_suffix(".md")
DIVERGED = 1e4  # nats: no model of 64 binary pixels is this bad, whatever it learnt
INTRODUCTION = """\
# A zoo of bugs in VAE losses

{count} losses as people write them, each with one bug that public code has. For each: the wrong line and its mend, what
`vaelid.audit` finds, and what the bug did to a small model. The files are in
[examples/bug_zoo](../examples/bug_zoo); this page is written by `python examples/bug_zoo/render.py`, and a test checks
that it still is what the audits say.

**Verdicts.** An exact ELBO with another weight on the KL is PROVED, and its effective beta named; told which beta is
meant, `audit(step, batch, beta=1)`, it is REFUTED. So is a KL of weight 0, which is OTHER where no beta is declared: it
may be the first step of a warm-up. A bug that leaves the objective of training an ELBO is PROVED with a
note.

**Runs.** scikit-learn's 8x8 digits, 1437 to train on and 360 held out; one network (64-128-{latent}-128-64),
{epochs} epochs, seeds 0 to 2, the same for every bug and its mend. The ELBO is per held-out image, in nats, and is
*not* the number that the file reports: it is computed apart, with the posterior from which the trained program really
draws, its exact KL, 64 draws, and the likelihood of each pixel; of grey digits (marked *) under a Gaussian of the
variance that fits best, so that only those of one kind compare. A latent is active if it carries more than 0.01 nats.
Small runs of a small model: they show a direction, and other data will give other numbers. Torch {torch}, {date}.
"""
TABLE = """
| file | bug | audit | effective beta | ELBO as written | ELBO mended | active latents |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Audited:
    """An exhibit with the audits of its two programs."""

    exhibit: Exhibit
    report: Report
    mended: Report
    grey: bool


def audited(exhibit):
    """Audit a file of the zoo, as it is and mended."""
    beta = exhibit.beta if exhibit.declared else None
    reports = []
    for mended in (False, True):
        module = load(exhibit.name, mended)
        reports.append(audit(module.step, module.batch, beta=beta, evaluation=getattr(module, "evaluation", None)))
    return Audited(exhibit, *reports, grey=bool(is_grey(module)))


def title(name):
    """A file's name as a heading."""
    words = [word.upper() if word in ("kl", "mse", "bce") else word for word in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def difference(name):
    """The pieces of a file that hold a wrong line or a mend, as a diff."""
    text = program(name)
    lines = text.splitlines()
    marked = [n for n, line in enumerate(lines, 1) if line.endswith("# wrong") or line.strip().startswith("# mend: ")]
    shown = set(marked)
    for node in ast.parse(text).body:
        last = node.end_lineno + (lines[node.end_lineno : node.end_lineno + 1] or [""])[0].strip().startswith("# mend")
        shown |= set(range(node.lineno, last + 1)) if set(marked) & set(range(node.lineno, last + 1)) else set()
    pieces = []
    for n in sorted(shown):
        line = lines[n - 1]
        if pieces and n - 1 not in shown:
            pieces.append("")
        if line.endswith("# wrong"):
            pieces.append("-" + line.removesuffix("# wrong").rstrip())
        elif line.strip().startswith("# mend: "):
            pieces.append("+" + line.replace("# mend: ", "", 1))
        else:
            pieces.append(" " + line if line else "")
    return "```diff\n" + "\n".join(pieces) + "\n```"


def nats(value):
    """A number as it reads best; a typographic minus."""
    digits = 1 if abs(value) >= 1 or round(value, 1) == 0 else 2
    return (f"{value:.{digits}f}" if abs(value) < DIVERGED else f"{value:.0e}").replace("-", "−")


def over_seeds(runs, name):
    """The mean over seeds, or what stands in its place."""
    values = [run[name] for run in runs]
    if any(value is None or abs(value) > DIVERGED for value in values) or not all(run["finite"] for run in runs):
        return "diverged"
    return nats(sum(values) / len(values))


def spread(runs, name):
    """The least and the greatest over seeds; one number if they print alike."""
    if any(run[name] is None for run in runs):
        return "not a number"
    values = sorted(run[name] for run in runs)
    ends = list(dict.fromkeys(nats(value) for value in (values[0], values[-1])))
    return " to ".join(ends)


def active(runs):
    """How many latents are active, over seeds."""
    return "–".join(str(n) for n in sorted({min(r["active"] for r in runs), max(r["active"] for r in runs)}))


def measured(exhibit, runs):
    """The runs of an exhibit's two programs."""
    keys = [key(exhibit.name, mended) for mended in (False, True)]
    return tuple([run for (place, _), run in sorted(runs.items()) if place == wanted] for wanted in keys)


def plain(text):
    """A report's sentence without this machine's folders, safe in a table."""
    return text.replace(f"{HERE}/", "").replace("|", "\\|").replace("\n", " ")


def findings(report):
    """What an audit found, as a list."""
    lines = [f"**{report.verdict}.** {plain(report.summary)}"]
    if report.formula:
        lines += ["", "It computes", "", "```text", report.formula.replace(f"{HERE}/", ""), "```"]
    for claim in report.claims:
        if claim.verdict != "PROVED":
            where = f" ({plain(claim.source)})" if claim.source else ""
            lines += ["", f"- {claim.name} **{claim.verdict}**: {plain(claim.reason)}{where}"]
        if claim.witness:
            point = ", ".join(f"{name} = {value}" for name, value in claim.witness.point.items()) or "any values"
            lines += [
                f"- Witness: at {plain(point)}, {plain(claim.witness.meaning)}: "
                f"{claim.witness.computed} where {claim.witness.expected} belongs."
            ]
    if report.notes:
        lines += ["", *(f"- Note: {plain(note)}" for note in report.notes)]
    return lines


def consequence(wrong, right, grey):
    """What the bug did, in a sentence or two, and a row of samples of each program."""
    mark = ", under the best fixed variance" if grey else ""
    lines = [
        f"On digits{mark}: ELBO {spread(wrong, 'elbo')} nats with a KL of {spread(wrong, 'kl')}, {active(wrong)} of "
        f"{LATENT} latents active. Mended: {spread(right, 'elbo')} with {spread(right, 'kl')}, {active(right)} active. "
        f"The file itself reports a loss of {spread(wrong, 'reported')}.",
        "",
    ]
    for runs, word in ((wrong, "as written"), (right, "mended")):
        picture = next((run["picture"] for run in runs if "picture" in run), None)
        lines += [f"![Samples, {word}]({PICTURES.name}/{picture})  "] if picture else []
    return lines


def section(found, runs):
    """All about one exhibit."""
    exhibit = found.exhibit
    wrong, right = measured(exhibit, runs)
    prose = ast.get_docstring(ast.parse(program(exhibit.name))) or ""
    settled = found.report.verdict != "UNKNOWN"
    advice = (settled and found.report.advice) or BUGS[exhibit.bug].mend
    return [
        f"## {title(exhibit.name)}",
        "",
        prose,
        "",
        difference(exhibit.name),
        "",
        *findings(found.report),
        "",
        *consequence(wrong, right, found.grey),
        "",
        f"Mend: {plain(advice)} An audit of the mended file: **{found.mended.verdict}**, "
        f"{found.mended.objective_name}.",
        "",
    ]


def row(found, runs):
    """An exhibit's line of the table."""
    exhibit, report = found.exhibit, found.report
    wrong, right = measured(exhibit, runs)
    anchor = title(exhibit.name).lower().replace(" ", "-")
    beta = "" if report.beta_effective is None else f"{report.beta_effective:.3g}".replace("-", "−")
    star = "*" if found.grey else ""
    cells = (
        f"[{exhibit.name}](#{anchor})",
        BUGS[exhibit.bug].title,
        report.verdict,
        beta,
        over_seeds(wrong, "elbo") + star,
        over_seeds(right, "elbo") + star,
        f"{active(wrong)}, mended {active(right)}",
    )
    return f"| {' | '.join(cells)} |"


def page(all_found, runs):
    """The whole page."""
    dates = sorted({run["date"] for run in runs.values()})
    head = INTRODUCTION.format(
        count=len(all_found),
        latent=LATENT,
        epochs=EPOCHS,
        torch=", ".join(sorted({run["torch"] for run in runs.values()})),
        date=" to ".join(dict.fromkeys((dates[0], dates[-1]))),
    )
    sections = [line for found in all_found for line in section(found, runs)]
    return head + TABLE + "\n".join([*(row(found, runs) for found in all_found), "", *sections]).rstrip() + "\n"


def main():
    """Audit, and write the page."""
    found = [audited(exhibit) for exhibit in tqdm(ZOO, unit="audit", file=sys.stderr)]
    PAGE.write_text(page(found, stored()))


if __name__ == "__main__":
    main()
