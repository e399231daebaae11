"""What is too large to be printed, or to be told to the solvers, who share nothing."""

import sys

from vaelid.readings.terms.syntax import Number, Power, Term, subterms

__all__ = ["MOST_DIGITS", "MOST_PARTS", "too_large"]

MOST_PARTS = 5_000
"""Parts of a formula that is written out: what is shared counts each time it occurs, a power as its factors."""
MOST_DIGITS = 4_250  # Python prints no int of more than 4,300 digits, unless it is told to
_BITS_OF_DIGIT = 3.3219


def too_large(term: Term) -> str:
    """Why a term cannot be worked with, or nothing."""
    most = min(MOST_DIGITS, sys.get_int_max_str_digits() or MOST_DIGITS)
    for head in (part.head for part in subterms(term)):
        if isinstance(head, Number):
            bits = max(abs(head.numerator), head.denominator).bit_length()
            if bits > most * _BITS_OF_DIGIT:
                return f"a number has about {int(bits / _BITS_OF_DIGIT):,} digits, and at most {most:,} can be printed."
    parts = _written_out(term, {})
    if parts > MOST_PARTS:
        return (
            f"written out, it has more than {MOST_PARTS:,} parts, for what is used twice is written twice; split it "
            "into functions or claims that are proved one by one."
        )
    return ""


def _written_out(term: Term, known: dict[Term, int]) -> int:
    """The number of parts, in a time that grows with those that differ."""
    if term not in known:
        factors = max(1, term.head.exponent) if isinstance(term.head, Power) else 1
        known[term] = 1 + factors * sum(_written_out(argument, known) for argument in term.arguments)
    return known[term]
