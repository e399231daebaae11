"""Which programs there are: number -> choices, such that pairs of choices occur evenly.

The programs of a seed are a fixed list: each is the one of some candidates whose pairs of choices were rarest so far.
Changes that make a program wrong are taken in turn. So a list is the start of any longer one, and number 1234 is the
same program in all of them.
"""

import itertools
import random
from collections import Counter
from collections.abc import Iterator

from .changes import CHANGES
from .draft import AXES
from .frames import allowed
from .likelihood_kinds import LIKELIHOODS
from .program import RIGHT, Program

# In this order they are chosen: what a choice fits beside was chosen before it.
ORDER = (
    "frame",
    "spread",
    "head",
    "prior",
    "sampler",
    "likelihood",
    "mask",
    "kl",
    "reduction",
    "weight",
    "twist",
    "declared",
)
CANDIDATES = 32
SHARE_OF_WRONG = 0.4
SHARE_WITHOUT_MASK = 0.6  # four of the five masks are something to read, and most code has none
COMPILED_EVERY = 200  # torch.compile takes seconds
VALUES = {axis: list(AXES[axis]) for axis in ORDER}
TRIES = 3000
AT_ONCE = ("draws_at_once", "rsample_draws_at_once")


def programs(count: int, seed: int = 0) -> list[Program]:
    """The first programs of this seed."""
    return list(itertools.islice(_endless(seed), count))


def _endless(seed: int) -> Iterator[Program]:
    numbers = random.Random(f"selection {seed}")
    seen: Counter[tuple] = Counter()
    changed: Counter[str] = Counter()
    for index in itertools.count():
        change = RIGHT
        if numbers.random() < SHARE_OF_WRONG:
            fewest = min(changed[name] for name in CHANGES)
            change = numbers.choice([name for name in CHANGES if changed[name] == fewest])
            changed[change] += 1
        compiled = index % COMPILED_EVERY == COMPILED_EVERY // 2
        plain = {"mask": "none"} if numbers.random() < SHARE_WITHOUT_MASK else {}
        candidates = [_candidate(numbers, change, compiled, plain) for _ in range(CANDIDATES if change == RIGHT else 1)]
        best = max(candidates, key=lambda names: sum((1 + seen[pair]) ** -3 for pair in pairs(names)))
        seen.update(pairs(best))
        yield Program(index, best)


def pairs(names: dict[str, str]) -> list[tuple]:
    """The pairs of choices on different axes. Changes are taken in turn, and are on no axis."""
    return list(itertools.combinations(((axis, names[axis]) for axis in ORDER), 2))


def _candidate(numbers: random.Random, change: str, compiled: bool, plain: dict[str, str]) -> dict[str, str]:
    for tries in itertools.count():
        if tries == TRIES:  # the change wants a mask, or cannot be compiled
            plain, compiled = {}, False
        names = _right(numbers, {**plain, "frame": "compiled"} if compiled else plain)
        if change == RIGHT or CHANGES[change].fits(names):
            return {**names, "change": change}
    raise AssertionError


def _right(numbers: random.Random, fixed: dict[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for axis in ORDER:
        names[axis] = fixed.get(axis) or _fitting(numbers, names, axis)
    return names


def _fitting(numbers: random.Random, names: dict[str, str], axis: str) -> str:
    """A value of the axis. One that does not fit is drawn again, which is faster than to try all."""
    values = VALUES[axis]
    while True:
        value = numbers.choice(values)
        if value != "compiled" and possible(names, axis, value):
            return value


def possible(names: dict[str, str], axis: str, value: str) -> bool:
    """Whether a value can stand beside those chosen before."""
    if not AXES[axis][value].fits(names):
        return False
    if axis == "likelihood" and names["sampler"] in AT_ONCE and not LIKELIHOODS[value].draws:
        return False
    single = axis != "likelihood" or LIKELIHOODS[value].single
    return axis == "frame" or allowed(names, axis, value, single)
