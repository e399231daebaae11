"""What the run found, in sentences: the heading, the lines under it, the key figures, the warnings."""

import math
from html import escape

from vaelid.interface.html.numbers import counted, error, formatted, places, plain
from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.estimates import rounded, with_error
from vaelid.train.evaluation import ACTIVE_VARIANCE, Estimate

__all__ = ["ROW_NAMES", "header", "headline"]

ROW_NAMES = {"test": "held-out", "validation": "validation", "training": "training"}
"""What the evaluated rows are called."""


def collapsed(report: RunReport) -> bool:
    """Whether no latent is active."""
    return report.evaluation.active_units == 0


def _negated(estimate: Estimate) -> Estimate:
    return Estimate(-estimate.mean, estimate.standard_error)


def headline(report: RunReport) -> str:
    """The finding: what an observation costs, and how many latents carry it."""
    evaluation, kind = report.evaluation, ROW_NAMES[report.evaluated]
    nats, latents = f"{rounded(_negated(evaluation.elbo))}\N{NO-BREAK SPACE}nats", len(evaluation.kl_per_dimension)
    if evaluation.discrete:
        first = f"A {kind} observation costs {nats}"
    else:
        first = f"The −log density of a {kind} observation is {nats} at most"
    if collapsed(report):
        none = f"none of {latents} latents carries" if latents > 1 else "the latent carries none of"
        return f"{first}, and {none} it: the posterior collapsed."
    if latents == 1:
        return f"{first}, and its one latent is active."
    if evaluation.active_units == latents:
        return f"{first}, and all {latents} latents carry it."
    verb = "carries" if evaluation.active_units == 1 else "carry"
    return f"{first}, and {evaluation.active_units} of {latents} latents {verb} it."


def _objective(report: RunReport) -> str:
    recipe = report.config["recipe"]
    beta, warmup = recipe["beta"], recipe["kl_warmup"]
    reached = report.history[-1]["beta"]
    words = "the negative ELBO (β = 1)" if beta == 1 else f"NLL + β KL with β = {plain(beta)}"
    sentence = f"Trained on <b>{words}</b>"
    if warmup:
        sentence += f", the KL's weight rising from 0 over the first {counted(warmup, 'epoch')}"
        if reached < beta * (1 - 1e-9):
            sentence += f"; when training ended it had reached {formatted(reached)}"
    sentence += "."
    if beta != 1:
        sentence += " All figures here are of the ELBO itself, β = 1."
    return sentence


def _independent(report: RunReport) -> str:
    if report.independent is None:
        return ""
    saved = report.independent + report.evaluation.elbo.mean
    decimals = places(report.evaluation.elbo.standard_error, 1)
    verdict = (
        f"{formatted(saved, decimals)} more" if saved > 0 else f"{formatted(-saved, decimals)} less than this model"
    )
    return f" Independent coordinates would cost {formatted(report.independent, decimals)} nats, <b>{verdict}</b>."


def _gap(report: RunReport) -> str:
    if report.evaluated == "training":
        return ""
    here, there = report.evaluation, report.training
    gap = there.elbo.mean - here.elbo.mean
    spread = math.hypot(there.elbo.standard_error, here.elbo.standard_error)
    decimals = places(spread)
    cost = rounded(_negated(there.elbo))
    size = f'<span class="num">{formatted(gap, decimals)} {error(spread)}'.strip() + " nats</span>"
    sentence = f" Training observations cost {cost} nats: "
    if math.isnan(spread) or abs(gap) <= 2 * spread:
        return sentence + f"a gap of {size}, within two standard errors of none."
    if gap < 0:
        return sentence + f"a gap of {size}, the {ROW_NAMES[report.evaluated]} ones being the easier."
    nll = here.reconstruction_nll.mean - there.reconstruction_nll.mean
    kl = here.kl.mean - there.kl.mean
    parts = f"{formatted(nll, decimals)} in the reconstruction and {formatted(kl, decimals)} in the KL"
    return sentence + f"the model <b>overfits by {size}</b>, {parts}."


def _figure(identity: str, name: str, estimate: Estimate, below: str) -> str:
    mean, spread = with_error(estimate)
    small = f" <small>{spread}</small>" if spread else ""
    return (
        f'<div id="{identity}"><dt>{name}</dt><dd class="n"><span class="num">{escape(mean)}</span>{small}</dd>'
        f"<dd>{below}</dd></div>"
    )


def _figures(report: RunReport) -> str:
    evaluation = report.evaluation
    bits, spread = with_error(evaluation.bits_per_dim)
    nats = "nats per observation"
    items = [
        _figure(
            "key-elbo",
            "−ELBO",
            _negated(evaluation.elbo),
            f'{nats}<br><span class="num">{f"{bits} {spread}".strip()}</span> bits per dimension',
        ),
        _figure("key-nll", "reconstruction NLL", evaluation.reconstruction_nll, nats),
        _figure("key-kl", "KL", evaluation.kl, nats),
        _figure(
            "key-iw",
            "−log p(x), at most",
            _negated(evaluation.importance_weighted),
            f"{nats}, importance-weighted, K&nbsp;=&nbsp;{evaluation.draws:,}",
        ),
    ]
    if evaluation.log_evidence is not None:
        exact = _negated(evaluation.log_evidence)
        items.append(_figure("key-evidence", "−log p(x), exactly", exact, f"{nats}, in closed form"))
    items.append(
        f'<div id="key-active"><dt>active units</dt><dd class="n"><span class="num">{evaluation.active_units}</span> '
        f"<small>of {len(evaluation.kl_per_dimension)}</small></dd>"
        f"<dd>variance of the posterior mean &gt;&nbsp;{ACTIVE_VARIANCE:g}</dd></div>"
    )
    return f'<dl class="keys">{"".join(items)}</dl>'


def _bounds(report: RunReport) -> str:
    """How the bounds lie to each other, on the same observations and draws."""
    evaluation = report.evaluation
    decimals = places(evaluation.elbo.standard_error)
    if evaluation.log_evidence is not None:
        gap = evaluation.log_evidence.mean - evaluation.elbo.mean
        decimals += 2
        side = "above" if gap >= 0 else "below"
        because = "what the encoder's posterior costs" if gap >= 0 else "by the Monte-Carlo error of the draws"
        return f"The −ELBO lies {formatted(abs(gap), decimals)} nats {side} the exact −log p(x): {because}."
    gap = evaluation.importance_weighted.mean - evaluation.elbo.mean
    if gap <= 0:
        return ""
    return (
        f"The two bounds lie {formatted(gap, decimals)} nats apart: the encoder's posterior costs at least about that."
    )


def _small_print(report: RunReport) -> str:
    evaluation = report.evaluation
    rows = counted(evaluation.rows, f"{report.evaluated} observation")
    sentences = [f"{rows}, {counted(evaluation.draws, 'draw')} each."]
    if evaluation.rows > 1:
        sentences.append("± is one standard error over observations.")
    else:
        sentences.append("One observation has no standard error.")
    sentences.append(_bounds(report))
    if report.evaluated != "training":
        sample = counted(report.training.rows, "training observation")
        sentences.append(f"The training figure is of {sample}.")
    if report.evaluated == "validation" and report.config["result"]["kept_epoch"] is not None:
        sentences.append("The weights kept were chosen on these observations, which flatters the figures a little.")
    if not evaluation.discrete:
        family = escape(evaluation.likelihood)
        sentences.append(
            f"<code>{family}</code> gives a density: nats and bits per dimension depend on the data's units and may "
            "be negative; compare them for the same data in the same units only."
        )
    return f'<p class="small" id="small-print">{" ".join(filter(None, sentences))}</p>'


def _warnings(report: RunReport) -> str:
    calls = []
    if collapsed(report):
        word, _, rest = report.evaluation.verdict.partition(":")
        calls.append(f'<p class="call" id="collapsed"><b>{escape(word)}:</b>{escape(rest)}</p>')
    result, epochs = report.config["result"], report.config["recipe"]["epochs"]
    if not result.get("finished", True):
        calls.append(
            f'<p class="call" id="unfinished"><b>Not finished:</b> training was stopped after epoch '
            f"{result['epochs']:,} of {epochs:,}. Go on with <code>vaelid train --resume</code>.</p>"
        )
    if report.evaluated == "training":
        calls.append(
            '<p class="call" id="nothing-held-out"><b>Nothing was held out:</b> every figure is of observations that '
            "the model was trained on, and says little of new ones. Train with <code>test=0.1</code>, say.</p>"
        )
    return "".join(calls)


def header(report: RunReport) -> str:
    """The head of the page."""
    lede = _objective(report) + _independent(report) + _gap(report)
    return (
        f'<header class="top"><h1>{headline(report)}</h1><p class="lede">{lede}</p>{_warnings(report)}'
        f"{_figures(report)}{_small_print(report)}</header>"
    )
