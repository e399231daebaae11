"""`render`: the page, section by section."""

import re
from html import escape
from importlib.resources import files
from typing import Any

from vaelid.interface.report.bars import kl_section
from vaelid.interface.report.configuration import configuration_section
from vaelid.interface.report.content import RunReport
from vaelid.interface.report.curves import Curve, outside, plot
from vaelid.interface.report.findings import ROW_NAMES, header, headline
from vaelid.interface.report.gallery import gallery_section
from vaelid.interface.report.guarantees import guarantees_section
from vaelid.interface.report.latent import walk_section
from vaelid.interface.report.walk import Classes, class_rules, walk_of
from vaelid.interface.report.words import count, duration

__all__ = ["render"]

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The browser itself is told that this page loads nothing."""


def _asset(name: str) -> str:
    return files("vaelid.interface.report").joinpath("assets", name).read_text(encoding="utf-8")


def _bar(report: RunReport) -> str:
    epochs = count(len(report.history), "epoch")
    return (
        f'<div class="bar"><span><b>vaelid</b> run</span><span><code>{escape(report.name)}</code></span>'
        f"<span>{epochs} in {duration(report.seconds)}</span><span>seed {report.config['recipe']['seed']}</span></div>"
    )


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
        words.append(f"{count(missing, 'epoch lies', 'epochs lie')} outside a frame.")
    return (
        '<section aria-labelledby="curves"><h2 id="curves" class="wide">Training, term by term</h2>'
        f'<div class="wide two"><figure>{nll}</figure><figure>{kl}</figure></div>'
        f'<p class="wide small">{" ".join(words)}</p></section>'
    )


def _footer(report: RunReport) -> str:
    command = report.config.get("command")
    again = f'Again: <code id="again">{escape(command)}</code>' if command else ""
    return f"<footer>{again or 'One file, no outside resource.'}</footer>"


def render(report: RunReport) -> str:
    """The report as one HTML page that loads nothing."""
    obs = tuple(report.config["model"]["obs"])
    classes = None if report.labels is None else Classes.of(report.labels)
    walk = walk_of(report, obs)
    rows = ROW_NAMES[report.evaluated]
    style = "\n".join((_asset("tokens.css"), _asset("report.css"), class_rules(classes)))
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(report.name)} · vaelid run</title>
<meta name="description" content="{headline(report)}">
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
{_bar(report)}
<main>
{header(report)}
{curves_section(report)}
{walk_section(report, walk, classes, rows)}
{gallery_section(report, obs, rows)}
{kl_section(report)}
{guarantees_section(report)}
{configuration_section(report)}
</main>
{_footer(report)}
<script type="application/json" id="walk-data">{walk.json()}</script>
<script>
{_asset("report.js")}</script>
</body>
</html>
"""
    # names of files and folders are others' text: none may carry what a terminal obeys, or turn a line round
    return re.sub(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda c: ascii(c.group())[1:-1], page)
