"""What stands as a number in a line of the user's code.

In comes a line as a report names it, `step.py:27`; out goes whether something is multiplied by a literal 0 there. A
warm-up whose weight is 0 as yet is `weight * kl`; `0 * kl` is no warm-up.
"""

import ast
import contextlib
import io
import linecache
import tokenize
from itertools import pairwise

__all__ = ["has_literal_0"]


def has_literal_0(line: str) -> bool:
    """Whether a literal 0 stands beside a `*` in this line; False of a line that cannot be read."""
    file, _, number = line.rpartition(":")
    text = linecache.getline(file, int(number)) if number.isdigit() else ""
    tokens = list[tokenize.TokenInfo]()
    with contextlib.suppress(tokenize.TokenError, IndentationError, SyntaxError):  # one line of a longer expression
        tokens += tokenize.generate_tokens(io.StringIO(text).readline)
    return any("*" in (a.string, b.string) and (_is_0(a) or _is_0(b)) for a, b in pairwise(tokens))


def _is_0(token: tokenize.TokenInfo) -> bool:
    return token.type == tokenize.NUMBER and ast.literal_eval(token.string) == 0
