"""Numbers as people read them: with as many places as their error allows, a true minus sign, and a unit."""

import math

__all__ = [
    "MOST_PLACES",
    "counted",
    "dimensions",
    "duration",
    "error",
    "formatted",
    "four_digits",
    "minus",
    "places",
    "plain",
    "power_of_ten",
]

MOST_PLACES = 6
"""Of decimals: a number that needs more is written as smaller than the last of them."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def minus(text: str) -> str:
    """The text with a true minus sign for every hyphen: "−1.5"."""
    return text.replace("-", "−")


def formatted(value: float, decimals: int = 2) -> str:
    """The value with thousands separated and a minus sign: "−1,234.50"; never "−0.00"."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return minus(f"{round(value, decimals) + 0.0:,.{decimals}f}")


def four_digits(value: float) -> str:
    """Four digits and a true minus sign: "0.359", "−12.5", "4"."""
    return minus(f"{value:.4g}")


def plain(value: float) -> str:
    """A setting as the user gave it: 0.001, 1, 16."""
    return minus(f"{value:,}" if isinstance(value, int) else f"{value:g}")


def power_of_ten(exponent: int) -> str:
    """As in "10⁻⁶"."""
    return f"10{str(exponent).translate(_SUPERSCRIPTS)}"


def places(standard_error: float, digits: int = 2) -> int:
    """The decimals that show `digits` significant digits of the error; 2 where there is none."""
    if not (math.isfinite(standard_error) and standard_error > 0):
        return 2
    return min(MOST_PLACES, max(0, digits - 1 - math.floor(math.log10(standard_error))))


def error(standard_error: float) -> str:
    """As in "± 0.22"; empty where there is none."""
    return "" if math.isnan(standard_error) else f"± {formatted(standard_error, places(standard_error))}"


def counted(how_many: int, singular: str, plural: str | None = None) -> str:
    """As in "1 epoch", "1,200 epochs"."""
    return f"{how_many:,} {singular if how_many == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """As in "0.4 s", "29 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {left} s"
    return f"{minutes // 60} h {minutes % 60} min"


def dimensions(sizes: list[int] | tuple[int, ...]) -> str:
    """As in "1 × 8 × 8"."""
    return " × ".join(f"{size:,}" for size in sizes)
