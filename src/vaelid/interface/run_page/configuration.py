"""The configuration of the run, as two tables."""

import math
from html import escape
from typing import Any

from vaelid.interface.html.numbers import counted, dimensions, duration, plain
from vaelid.interface.run_page.content import RunReport

__all__ = ["configuration_section"]


def _data(config: dict[str, Any]) -> dict[str, str]:
    data, split, model = config["data"], config["split"], config["model"]
    classes = data.get("classes")
    known = ""
    if classes is not None:
        known = f", {counted(classes if isinstance(classes, int) else len(classes), 'class', 'classes')}"
    scale = data.get("scale", 1)
    divided = "" if scale == 1 else f", divided by {plain(scale)}"
    shape = f"{dimensions(model['obs'])}, " if len(model["obs"]) > 1 else ""
    kind = "channels" if model["arch"] == "conv" else "widths"
    hidden = ", ".join(map(str, model["hidden"])) or "none (linear maps)"
    rows = f"{counted(data['rows'], 'row')} of {dimensions(data['shape'])}"
    return {
        "data": f"{escape(str(data['source']))}: {rows}{known}{divided}",
        "split": ", ".join(f"{split[name]:,} {name}" for name in ("training", "validation", "test") if split[name]),
        "observation": f"{shape}D = {math.prod(model['obs']):,}",
        "latent": f"L = {model['latent']:,}",
        "networks": "your own" if model.get("custom") else f"{escape(str(model['arch']))}, hidden {kind}: {hidden}",
        "likelihood": f"<code>{escape(str(model['likelihood']))}</code>",
        "parameters": f"{config['parameters']:,}",
    }


def _ended(config: dict[str, Any]) -> str:
    recipe, result = config["recipe"], config["result"]
    words = f"{result['epochs']:,}"
    if result["epochs"] != recipe["epochs"]:
        words += f" of {recipe['epochs']:,}"
    patience, kept = recipe["patience"], result["kept_epoch"]
    if patience is not None:
        words += f", patience {patience:,}"
        if kept is not None and result["epochs"] < recipe["epochs"] and result["epochs"] - kept >= patience:
            words += ", which ran out"
    return f"{words}; {duration(result['seconds'])}"


def _training(config: dict[str, Any]) -> dict[str, str]:
    recipe = config["recipe"]
    rate = f"learning rate {plain(recipe['learning_rate'])}"
    if recipe["schedule"] == "cosine":
        rate += ", falling to 0 along a cosine"
    decay = f", weight decay {plain(recipe['weight_decay'])}" if recipe["weight_decay"] else ""
    clip = "" if recipe["clip"] is None else f", gradient clipped at {plain(recipe['clip'])}"
    warmup = f", warmed up over {counted(recipe['kl_warmup'], 'epoch')}" if recipe["kl_warmup"] else ""
    exact = recipe["expectation"] == "exact"
    return {
        "objective": f"NLL + β KL, β = {plain(recipe['beta'])}{warmup}; mean over the batch",
        "optimiser": f"{ {'adam': 'Adam', 'adamw': 'AdamW'}[recipe['optimizer']] }, {rate}{decay}{clip}",
        "batch": f"{recipe['batch_size']:,}",
        "epochs": _ended(config),
        "noise": "none: the NLL is integrated over the posterior" if exact else "one draw per observation and step",
        "seed": str(recipe["seed"]),
        "software": f"vaelid {escape(str(config['vaelid']))}, torch {escape(str(config['torch']))}, run format "
        f"{escape(str(config['format']))}",
    }


def _table(caption: str, rows: dict[str, str]) -> str:
    body = "".join(f'<tr><th scope="row">{name}</th><td>{words}</td></tr>' for name, words in rows.items())
    return f'<table><caption class="hidden">{caption}</caption><tbody>{body}</tbody></table>'


def configuration_section(report: RunReport) -> str:
    """The section of the page."""
    return (
        '<section aria-labelledby="configuration"><h2 id="configuration" class="wide">Configuration</h2>'
        f'<div class="wide two config">{_table("Data and model", _data(report.config))}'
        f"{_table('Training', _training(report.config))}</div></section>"
    )
