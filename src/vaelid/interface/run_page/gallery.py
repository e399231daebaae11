"""What the model reconstructs and what it imagines: pictures that nobody chose."""

import numpy as np

from vaelid.interface.html.numbers import counted, formatted
from vaelid.interface.run_page.content import RunReport
from vaelid.interface.run_page.pictures import as_bytes, image_element, picture_kind, planes, profile, zero_byte

__all__ = ["gallery_section"]

PER_ROW = 10


def _columns(obs: tuple[int, ...]) -> int:
    """Ten to a row, fewer where the images are wide."""
    return max(1, min(PER_ROW, round(PER_ROW * obs[-2] / obs[-1])))


def _range(nll: np.ndarray) -> str:
    low, high = formatted(float(nll.min()), 1), formatted(float(nll.max()), 1)
    return f"NLL {low} nats" if low == high else f"NLL {low} to {high} nats each"


def _figure(picture: str, caption: str, apart: bool = False) -> str:
    kind = ' class="apart"' if apart else ""
    return f"<figure{kind}>{picture}<figcaption>{caption}</figcaption></figure>"


def _images(report: RunReport, obs: tuple[int, ...], kind_of_rows: str) -> str:
    pictures, kind, columns = report.pictures, picture_kind(obs), _columns(obs)
    scale = (pictures.low, pictures.high)
    originals, reconstructions, samples = (
        planes(as_bytes(values, *scale), obs)
        for values in (pictures.originals, pictures.reconstructions, pictures.samples)
    )
    parts = []
    for start in range(0, len(originals), columns):
        row = slice(start, start + columns)
        these = counted(len(originals[row]), f"{kind_of_rows} observation")
        original = image_element(originals[row], columns, kind, these)
        parts.append(_figure(original, these, apart=start > 0))
        again = image_element(
            reconstructions[row], columns, kind, f"their reconstructions, {_range(pictures.nll[row])}"
        )
        parts.append(_figure(again, f"reconstructed: {_range(pictures.nll[row])}"))
    drawn = counted(len(samples), "draw")
    sampled = image_element(samples, columns, kind, f"decoded from {drawn} of the prior")
    return "".join(parts) + _figure(sampled, f"decoded from {drawn} of the prior", apart=True)


def _profiles(report: RunReport, kind_of_rows: str) -> str:
    pictures = report.pictures
    scale = (pictures.low, pictures.high)
    zero = zero_byte(*scale)
    originals, reconstructions, samples = (
        as_bytes(values.reshape(len(values), -1), *scale)
        for values in (pictures.originals, pictures.reconstructions, pictures.samples)
    )
    pairs = "".join(
        f"<figure>{profile({'data': x, 'model': y}, zero, 'observation and reconstruction')}"
        f"<figcaption>{formatted(float(nll), 1)} nats</figcaption></figure>"
        for x, y, nll in zip(originals, reconstructions, pictures.nll, strict=True)
    )
    drawn = "".join(profile({"alone": x}, zero, "decoded from a draw of the prior") for x in samples)
    return (
        f'<figure><div class="profiles">{pairs}</div><figcaption>{kind_of_rows} observations (line) and their '
        f"reconstructions (dashed), with the reconstruction NLL</figcaption></figure>"
        f'<figure class="apart"><div class="profiles">{drawn}</div>'
        f"<figcaption>decoded from {counted(len(samples), 'draw')} of the prior</figcaption></figure>"
    )


def _scale_words(report: RunReport, kind: str) -> str:
    low, high = (f"{value:.4g}".replace("-", "−") for value in (report.pictures.low, report.pictures.high))
    if kind == "profile":
        return f"From left to right the coordinates in their order; height runs from {low} to {high}, and is cut there."
    if kind == "ink":
        return f"Ink runs from none at {low} to full at {high}."
    return f"Colour runs from {low} to {high} in each channel."


def _choice(report: RunReport) -> str:
    """By what rule the pictures are these."""
    pictures, rows = report.pictures, report.evaluated
    if pictures.of_each_class:
        first = f"The first {rows} observation of each class"
    else:
        first = f"The first {counted(len(pictures.originals), f'{rows} observation')}"
    what = "the most probable class" if report.evaluation.likelihood.startswith("categorical") else "the mean of p(x|z)"
    return (
        f"{first}, with one draw z of its posterior; then the first {counted(len(pictures.samples), 'draw')} of the "
        f"prior. For each z, {what} is shown."
    )


def gallery_section(report: RunReport, obs: tuple[int, ...], kind_of_rows: str) -> str:
    """The section of the page."""
    kind = picture_kind(obs)
    drawn = _profiles(report, kind_of_rows) if kind == "profile" else _images(report, obs, kind_of_rows)
    return (
        '<section aria-labelledby="pictures"><h2 id="pictures">What it reconstructs, what it imagines</h2>'
        f'<p class="note"><b>Not chosen.</b> {_choice(report)} {_scale_words(report, kind)}</p>'
        f'<div class="strips">{drawn}</div></section>'
    )
