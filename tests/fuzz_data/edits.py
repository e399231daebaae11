"""Random edits of a file: of its bytes, and of the parts that its format is made of."""

import re
import struct
import zlib

import numpy as np

__all__ = ["edit_bytes", "edit_parts"]

_TOKENS = (b"", b"nan", b"-1", b"0", b"1e999", b"99999999999999999999", b"True", b"None", b"'|O'", b"'<U9'", b"0x10",
           b"1_0", b'"', b",", b";", b"\0", b"\xff\xfe", b"\r", b"\n", b"(1,", b"'|V0'", b"'>f8'",
           b"[('a','<f4')]")  # fmt: skip
_INTEGERS = (0, 1, 2, 7, 127, 128, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 1)


def _slice(rng: np.random.Generator, size: int) -> tuple[int, int]:
    start = int(rng.integers(0, size))
    return start, min(size, start + 1 + int(rng.geometric(0.05)))


def edit_bytes(rng: np.random.Generator, data: bytes) -> bytes:
    """One to three edits: a bit, a byte, a slice taken out, repeated, blanked or moved; or an end cut off."""
    for _ in range(int(rng.integers(1, 4))):
        if not data:
            break
        a, b = _slice(rng, len(data))
        match int(rng.integers(0, 7)):
            case 0:
                data = data[:a] + bytes([data[a] ^ (1 << int(rng.integers(0, 8)))]) + data[a + 1 :]
            case 1:
                data = data[:a] + bytes([int(rng.integers(0, 256))]) + data[a + 1 :]
            case 2:
                data = data[:a] + data[b:]
            case 3:
                data = data[:b] + data[a:]
            case 4:
                data = data[:a] + bytes(b - a) + data[b:]
            case 5:
                to = int(rng.integers(0, len(data)))
                data = data[:to] + data[a:b] + data[to:]
            case _:
                data = data[:a]
    return data


def _replace_token(rng: np.random.Generator, data: bytes) -> bytes:
    """A number or a quoted word of the text, replaced by something odd."""
    found = [m for m in re.finditer(rb"[-+.\de]+|'[^'\n]*'|\"[^\"\n]*\"", data[:4000]) if m.group()]
    if not found:
        return edit_bytes(rng, data)
    chosen = found[int(rng.integers(0, len(found)))]
    return data[: chosen.start()] + _TOKENS[int(rng.integers(0, len(_TOKENS)))] + data[chosen.end() :]


def _replace_integer(rng: np.random.Generator, data: bytes) -> bytes:
    """Two or four bytes, replaced by an integer that is a limit of something."""
    size, order = (2, 4)[int(rng.integers(0, 2))], "<>"[int(rng.integers(0, 2))]
    at = int(rng.integers(0, max(1, len(data) - size)))
    value = _INTEGERS[int(rng.integers(0, len(_INTEGERS)))] % 256**size
    return data[:at] + struct.pack(order + {2: "H", 4: "I"}[size], value) + data[at + size :]


def _replace_in_png(rng: np.random.Generator, data: bytes) -> bytes:
    """A chunk of a PNG edited, moved or repeated, under a checksum made anew."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        size = struct.unpack(">I", data[at : at + 4])[0]
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    chosen = int(rng.integers(0, len(chunks)))
    kind, body = chunks[chosen]
    match int(rng.integers(0, 4)):
        case 0:
            chunks.insert(int(rng.integers(0, len(chunks))), chunks[chosen])
        case 1:
            chunks.pop(chosen)
        case 2:
            chunks[chosen] = (kind, _replace_integer(rng, body) if len(body) > 4 else b"\0")
        case _:
            chunks[chosen] = (kind, edit_bytes(rng, body))
    parts = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
    return data[:8] + b"".join(parts)


def edit_parts(rng: np.random.Generator, data: bytes) -> bytes:
    """An edit that the format's own checks let through: text replaced by text, lengths by lengths, checksums mended."""
    if data.startswith(b"\x89PNG"):
        return _replace_in_png(rng, data)
    text = data.startswith(b"\x93NUMPY") or data[:200].isascii()
    return _replace_token(rng, data) if text and rng.random() < 0.8 else _replace_integer(rng, data)
