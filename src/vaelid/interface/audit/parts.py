"""Pieces of the page: the verdict's sign, formulas, and the two values of a witness on one line."""

import re
from html import escape

from vaelid.auditor import Witness
from vaelid.interface.audit.words import with_intervals
from vaelid.interface.html.numbers import four_digits

__all__ = ["badge", "formula", "number_line", "prose", "section", "sentence"]

_SIGNS = {
    "PROVED": '<rect x="2" y="2" width="20" height="20" rx="2" fill="currentColor"/>'
    '<path d="M6.5 12.5l4 4 7.5-9" fill="none" stroke="var(--paper)" stroke-width="2.8"/>',
    "REFUTED": '<path d="M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9z" fill="currentColor"/>'
    '<path d="M8 8l8 8M16 8l-8 8" stroke="var(--paper)" stroke-width="2.8"/>',
    "UNKNOWN": '<circle cx="12" cy="12" r="10" fill="none" stroke="currentColor" stroke-width="2.2" '
    'stroke-dasharray="4 2.3"/><path d="M9 9.6a3 3 0 1 1 4.2 2.8c-.9.4-1.2.9-1.2 2M12 16.6v1.6" fill="none" '
    'stroke="currentColor" stroke-width="2.2"/>',
    "OTHER": '<path d="M12 1.5L22.5 12 12 22.5 1.5 12z" fill="currentColor"/>'
    '<path d="M7.5 12h9" stroke="var(--paper)" stroke-width="2.8"/>',
}
"""Square, octagon, dashed ring, diamond: a verdict is shape, word and colour."""


def badge(verdict: str, size: str = "", word: bool = True) -> str:
    """The verdict's sign, with its word beside it or read out only."""
    said = verdict if word else f'<span class="hidden">{verdict}</span>'
    sign = f'<svg viewBox="0 0 24 24" aria-hidden="true">{_SIGNS[verdict]}</svg>'
    return f'<span class="v {verdict.lower()} {size}">{sign}{said}</span>'


def formula(text: str) -> str:
    """A formula as the kernel's text writes it: indices go below the line."""
    text = re.sub(r"_\{([^}]*)\}|\[([\w, +]+)\]|_(\w)\b", _below, escape(text))
    return f'<p class="formula">{text}</p>'


def _below(index: re.Match[str]) -> str:
    return f"<sub>{next(filter(None, index.groups())).replace(', ', ',')}</sub>"


def sentence(text: str) -> str:
    """A reason as a sentence: it begins with a capital, unless with a name or a formula, and ends with a full stop."""
    word = re.match(r"[a-z]{2,}[ ,:](?!=)", text)
    return f"{prose(text[:1].upper() + text[1:] if word else text).rstrip('.')}."


def prose(text: str) -> str:
    """A sentence as HTML: what stands between backquotes is code, and a ball is written with ±."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(with_intervals(text)))


def section(name: str, title: str, body: str) -> str:
    """A section with its heading."""
    return f'<section aria-labelledby="{name}"><h2 id="{name}" class="wide">{escape(title)}</h2>{body}</section>'


def _middle(ball: str) -> float | None:
    found = re.match(r"\[?(-?\d+\.?\d*(e[+-]?\d+)?)", ball)
    return float(found.group(1)) if found else None


def number_line(witness: Witness) -> str:
    """Both values and zero on one line; nothing where they cannot be drawn apart."""
    values = {"computed": _middle(witness.computed), "expected": _middle(witness.expected)}
    computed, expected = values["computed"], values["expected"]
    if computed is None or expected is None or computed == expected:
        return ""
    low, high = min(computed, expected, 0.0), max(computed, expected, 0.0)
    at = {
        name: 90 + 300 * (value - low) / (high - low) for name, value in (("c", computed), ("e", expected), ("0", 0.0))
    }
    zero = f'<path class="axis" d="M{at["0"]:.1f} 54v12"/><text x="{at["0"]:.1f}" y="82" text-anchor="middle">0</text>'
    words = f"computed {four_digits(computed)}, expected {four_digits(expected)}"
    return (
        f'<figure><svg viewBox="0 0 480 120" role="img" aria-label="{words}"><path class="axis" d="M20 60H460"/>{zero}'
        f'<path class="bad" stroke-width="3" d="M{at["c"] - 6:.1f} 54l12 12m0-12l-12 12"/>'
        f'<text class="bad" x="{at["c"]:.1f}" y="34" text-anchor="middle">computed {four_digits(computed)}</text>'
        f'<path class="good" stroke-width="3" d="M{at["e"] - 5:.1f} 55h10v10h-10z"/>'
        f'<text class="good" x="{at["e"]:.1f}" y="108" text-anchor="middle">expected {four_digits(expected)}</text>'
        "</svg></figure>"
    )
