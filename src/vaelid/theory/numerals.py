"""Numbers that are written out in a claim, as exact rationals, and how large they and powers may be."""

from fractions import Fraction

from vaelid.theory.grammar import Node, wrong

__all__ = ["HIGHEST_POWER", "degree", "rational_of"]

# z3 and cvc5 are told x**k as k factors. A nested power multiplies them, so this bounds the product of the exponents.
HIGHEST_POWER = 100
"""The largest power in a claim, the exponents of nested powers multiplied."""
# 10^4,000 is beyond every float format, and Python prints no int of more than 4,300 digits
_LARGEST_EXPONENT, _MOST_DIGITS = 4_000, 200


def rational_of(claim: str, literal: str) -> Fraction:
    """The rational number that is written: no float comes in between."""
    digits = literal.replace("_", "").lower()
    if len(digits) > _MOST_DIGITS:
        raise wrong(claim, f"a number has at most {_MOST_DIGITS} digits, and one here has {len(digits):,}.")
    if digits[:1] == "0" and digits[1:2] in ("x", "o", "b"):
        return Fraction(int(digits, 0))
    mantissa, _, exponent = digits.partition("e")
    if "." not in digits and not exponent and digits != "0" and digits.startswith("0"):
        raise wrong(claim, f"the number {literal!r} begins with a zero; write {digits.lstrip('0') or '0'}.")
    if abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        raise wrong(claim, f"the exponent of {literal!r} is larger than {_LARGEST_EXPONENT:,}.")
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def degree(node: Node) -> int:
    """The exponents of nested powers, multiplied; of an exponent that is not written out, 1."""
    inside = max((degree(part) for part in node.parts), default=1)
    if node.kind != "operation" or node.word != "**" or not node.parts[1].word.isdigit():
        return inside
    exponent = node.parts[1].word
    return inside * (int(exponent) if len(exponent) < 9 else 10**9)
