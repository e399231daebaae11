"""What Pillow does not check of a PNG: its pixels' checksums, its end, and a size that its bytes cannot hold."""

import io
import zlib
from pathlib import Path

from vaelid.spec.errors import InputError

__all__ = ["check_png"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
# The deflate format ends a run of at most 258 bytes with at least 2 bits: it never grows by more than this.
_MOST_GROWTH = 1032
_CHUNK = 2**20


def check_png(path: Path, stream: io.BufferedReader) -> None:
    """Raise `InputError` for a PNG that is damaged or cut short; leave the stream where it was."""
    if stream.read(8) != SIGNATURE:
        stream.seek(0)
        return
    header, packed, kind = b"", 0, b""
    while kind != b"IEND":
        head = stream.read(8)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        start, checksum = _checksum(stream, length, zlib.crc32(kind))
        if len(head) < 8 or stream.read(4) != checksum.to_bytes(4, "big"):
            raise InputError(
                f"{path} cannot be read as an image (a PNG cut short or damaged): mend it, or take it out."
            )
        header = start if kind == b"IHDR" else header
        packed += length if kind == b"IDAT" else 0
    _check_size(path, header, packed)
    stream.seek(0)


def _checksum(stream: io.BufferedReader, length: int, checksum: int) -> tuple[bytes, int]:
    """The beginning of what a chunk holds, and the checksum of all of it."""
    start = b""
    while length > 0 and (part := stream.read(min(length, _CHUNK))):
        start, length, checksum = start or part[:13], length - len(part), zlib.crc32(part, checksum)
    return start, checksum


def _check_size(path: Path, header: bytes, packed: int) -> None:
    if len(header) < 13 or header[9] not in _CHANNELS:
        return  # Pillow refuses it
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    needed = height * (width * header[8] * _CHANNELS[header[9]] // 8)
    if needed > _MOST_GROWTH * packed:
        raise InputError(
            f"{path} cannot be read as an image (it says {width} x {height} pixels, which its {packed:,} bytes cannot "
            "hold): mend it, or take it out."
        )
