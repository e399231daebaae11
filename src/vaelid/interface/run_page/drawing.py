"""What every drawing shares: ticks at round numbers, names of latents, numbers of an SVG path."""

import math

__all__ = ["latent", "latent_svg", "tenths", "tick_places", "ticks"]

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, a step of 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def tick_places(values: list[float]) -> int:
    """The decimals that tell neighbouring ticks apart."""
    if len(values) < 2:
        return 2
    return max(0, -math.floor(math.log10(values[1] - values[0]) + 1e-9))


def latent(index: int) -> str:
    """The name of a latent coordinate in text: z₁₁."""
    return "z" + str(index).translate(SUBSCRIPTS)


def latent_svg(index: int) -> str:
    """The same inside an SVG text."""
    return f'z<tspan font-size="9" dy="3">{index}</tspan>'


def tenths(value: float) -> str:
    """A coordinate to a tenth of a unit."""
    return f"{value:.1f}"
