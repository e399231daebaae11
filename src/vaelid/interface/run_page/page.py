"""`render_run`: the page, section by section."""

from html import escape
from typing import Any

from vaelid.interface.html.numbers import counted, duration
from vaelid.interface.html.page import asset, page
from vaelid.interface.run_page.bars import kl_section
from vaelid.interface.run_page.configuration import configuration_section
from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.curves import Curve, outside, plot
from vaelid.interface.run_page.findings import ROW_NAMES, header, headline
from vaelid.interface.run_page.gallery import gallery_section
from vaelid.interface.run_page.guarantees import guarantees_section
from vaelid.interface.run_page.latent import walk_section
from vaelid.interface.run_page.walk import Classes, Walk, class_rules, walk_of

__all__ = ["render_run"]


def _asset(name: str) -> str:
    return asset("vaelid.interface.run_page", name)


def _bar(report: RunReport) -> list[str]:
    epochs = counted(len(report.history), "epoch")
    return [
        "<b>vaelid</b> run",
        f"<code>{escape(report.name)}</code>",
        f"{epochs} in {duration(report.seconds)}",
        f"seed {report.config['recipe']['seed']}",
    ]


def _term(history: tuple[dict[str, Any], ...], name: str) -> list[Curve]:
    """The curves of one term: training, and validation where it was measured."""
    measured = "validation" in history[0]
    curves = [Curve("training", tuple(record["training"][name] for record in history), main=not measured)]
    if measured:
        curves.append(Curve("validation", tuple(record["validation"][name] for record in history), main=True))
    return curves


def curves_section(report: RunReport) -> str:
    """Both terms of the ELBO against the epoch."""
    terms = {name: _term(report.history, name) for name in ("reconstruction_nll", "kl")}
    kept = report.config["result"]["kept_epoch"]
    ringed = kept if "validation" in report.history[0] else None
    nll = plot("curve-nll", "Reconstruction NLL, nats per observation", terms["reconstruction_nll"], ringed)
    kl = plot("curve-kl", "KL, nats per observation", terms["kl"], ringed)
    words = ["Training values are means over the epoch, while the weights move."]
    if ringed is not None:
        beta = report.config["recipe"]["beta"]
        objective = "−ELBO" if beta == 1 else "NLL + β KL"
        words.append(f"The ring marks the weights kept: epoch {ringed:,}, least validation {objective}.")
    if "validation" in report.history[0] and report.config["recipe"]["expectation"] == "sampled":
        words.append("Validation uses the same noise in every epoch.")
    missing = max(outside(curves) for curves in terms.values())
    if missing:
        words.append(f"{counted(missing, 'epoch lies', 'epochs lie')} outside a frame.")
    return (
        '<section aria-labelledby="curves"><h2 id="curves" class="wide">Training, term by term</h2>'
        f'<div class="wide two"><figure>{nll}</figure><figure>{kl}</figure></div>'
        f'<p class="wide small">{" ".join(words)}</p></section>'
    )


def _footer(report: RunReport) -> str:
    command = report.config.get("command")
    again = f'Again: <code id="again">{escape(command)}</code>' if command else ""
    return again or "One file, no outside resource."


def _scripts(walk: Walk) -> str:
    return f"""<script type="application/json" id="walk-data">{walk.json()}</script>
<script>
{_asset("run.js")}</script>
"""


def render_run(report: RunReport) -> str:
    """The report as one HTML page that loads nothing."""
    obs = tuple(report.config["model"]["obs"])
    classes = None if report.labels is None else Classes.of(report.labels)
    walk = walk_of(report, obs)
    rows = ROW_NAMES[report.evaluated]
    return page(
        title=f"{report.name} · vaelid run",
        description=headline(report),
        styles=(_asset("run.css"), class_rules(classes)),
        bar=_bar(report),
        sections=(
            header(report),
            curves_section(report),
            walk_section(report, walk, classes, rows),
            gallery_section(report, obs, rows),
            kl_section(report),
            guarantees_section(report),
            configuration_section(report),
        ),
        footer=_footer(report),
        scripts=_scripts(walk),
    )
