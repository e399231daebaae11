"""Pages that are kept, against those that are rendered here: the same words, and decimals to the last digit shown."""

import difflib
import re
from decimal import Decimal

DECIMAL = re.compile(r"\d+\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+")
"""A number that may have been computed in floating point. Whole numbers are counts, and are compared as words."""


def differences(kept: str, rendered: str) -> list[str]:
    """The lines of a page that are not what is kept, as a diff; none where all are.

    Two processors may compute 0.24999999999999997 and 0.25, which at three digits are 0.250 both, or 0.249 and 0.250 in
    the worst case: so two decimals are alike if they differ by one unit of the last digit that is shown.
    """
    lines = kept.splitlines(), rendered.splitlines()
    if len(lines[0]) == len(lines[1]) and all(map(alike, *lines)):
        return []
    return list(difflib.unified_diff(*lines, "kept", "rendered here", lineterm="", n=0))


def alike(kept: str, rendered: str) -> bool:
    """Whether two lines have the same words, and decimals that differ by one unit of their last digit at most."""
    numbers = zip(DECIMAL.findall(kept), DECIMAL.findall(rendered), strict=False)
    return DECIMAL.split(kept) == DECIMAL.split(rendered) and all(
        abs(one - other) <= min(_last_digit(one), _last_digit(other))
        for one, other in (map(Decimal, pair) for pair in numbers)
    )


def _last_digit(number: Decimal) -> Decimal:
    """One unit of the last digit that is shown."""
    return Decimal(1).scaleb(int(number.as_tuple().exponent))
