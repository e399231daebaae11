"""Answers that user code cannot write by chance or by a guess: each is a line of JSON with its HMAC-SHA256.

The key is made for one audit and handed over before user code is loaded. This stops code that writes answers, not code
that reaches into the process it runs in: there it can call what seals, as it can replace the auditor itself.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

__all__ = ["KEY_BYTES", "MOST_BYTES", "new_key", "sealer", "unsealed"]

KEY_BYTES = 32
MOST_BYTES = 32 << 20
"""The longest line that counts. The largest reports of the public losses are below 1 MB."""

_CODE = 64  # hexadecimal digits of SHA-256


def new_key() -> bytes:
    """A key for one audit."""
    return secrets.token_bytes(KEY_BYTES)


def sealer(key: bytearray) -> Callable[[Any], bytes]:
    """A function that seals values. The key itself is wiped: only the state of the HMAC, in C, keeps what it needs."""
    state = hmac.new(key, digestmod="sha256")
    key[:] = bytes(len(key))
    encode = json.JSONEncoder(allow_nan=True).encode  # kept here: user code may replace json.dumps

    def seal(value: Any) -> bytes:
        body = encode(value).encode("ascii")
        code = state.copy()
        code.update(body)
        # a line of its own, whatever else was written to the descriptor before
        return b"\n%s %s\n" % (code.hexdigest().encode("ascii"), body)

    return seal


def unsealed(key: bytes, line: bytes) -> Any:
    """The value that the line holds; None for a line that was not sealed with the key."""
    code, space, body = line[:_CODE], line[_CODE : _CODE + 1], line[_CODE + 1 :]
    if space != b" " or not hmac.compare_digest(hmac.new(key, body, "sha256").hexdigest().encode("ascii"), code):
        return None
    return json.loads(body)
