"""Edits of a run's folder: by structure (JSON values, headers, records, files) and by bytes."""

import copy
import hashlib
import json
import os
import random
import re
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXTS = ("", "x", "a:b", "os:getcwd", "evil:rows", "/dev/zero", "//server/share/x.npy", "\\\\server\\x.npy",
         "../x.npy", "~/.ssh/id_rsa", "digits", "callable", "python", "path", "gaussian", "gaussian:1e400",
         "categorical:1000000000", "binomial:99999999999999999999",
         "laplace", "\ud800", "\u0000", "\x1b[2J", "a\nb", "é" * 5000)  # fmt: skip
NUMBERS = (-1, 0, 1, 2, 7, 2**31 - 1, 2**31, 2**53, 2**63, 10**30, -(10**30), 0.5, -0.5, 1.5, 1e-300, 1e308, -0.0)
TOKENS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1" * 5000,
    "[" * 100_000,
    '{"a":' * 50_000,
    "tru",
    "'x'",
    "0x10",
    "01",
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [1] * 2000, [10**9], [2**31 - 1] * 3, [[]], {"x": 1}, [0], ["1"])
RAW = "@raw@"
AGAIN = "@again@"


@dataclass(frozen=True)
class Edit:
    """What was done, and whether whoever did it made the checksum anew: the folder may then be another run."""

    what: str
    forged: bool = False


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found = []
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            found += places(value[key])
    return found


def nudged(rng: random.Random, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice((-1, 1, 2, 1000))
        case float():
            return rng.choice((value * 2, -value, value + 1e-9, value + 1))
        case str() if value:
            at = rng.randrange(len(value))
            return value[:at] + rng.choice("0a/:.~") + value[at + 1 :]
        case list() if value:
            return rng.choice((value[:-1], value + value[:1], value[::-1]))
    return rng.choice(OTHERS)


def nasty(rng: random.Random) -> Any:
    kind = rng.randrange(4)
    if kind == 3:
        return f"{RAW}{rng.randrange(len(TOKENS))}"
    return copy.deepcopy(rng.choice((TEXTS, NUMBERS, OTHERS)[kind]))


def edit_value(rng: random.Random, value: Any) -> str:
    """Change the JSON value in one place; what was done."""
    container, key = rng.choice(places(value))
    name = f"{key!r}"
    match rng.randrange(8):
        case 0 | 1:
            container[key] = nudged(rng, container[key])
            return f"nudge {name}"
        case 2 | 3:
            container[key] = nasty(rng)
            return f"replace {name} by {str(container[key])[:30]!r}"
        case 4:
            del container[key]
            return f"delete {name}"
        case 5 if isinstance(container, dict):
            container[f"{AGAIN}{key}"] = nudged(rng, container[key])
            return f"repeat {name}"
        case 6 if isinstance(container, dict):
            container[rng.choice((f"{key}_", str(key).upper(), "", "x"))] = container.pop(key)
            return f"rename {name}"
        case _:
            other, place = rng.choice(places(value))
            container[key], moved = copy.deepcopy(other[place]), copy.deepcopy(container[key])
            if isinstance(other, dict) and place in other:
                other[place] = moved
            return f"swap {name} with {place!r}"


def text_of(value: Any) -> str:
    """JSON with what no JSON value can hold put in: tokens as they are, names given twice."""
    text = json.dumps(value).replace(AGAIN, "")
    return re.sub(rf'"{RAW}(\d+)"', lambda found: TOKENS[int(found[1])], text)


def edit_json(rng: random.Random, path: Path) -> Edit:
    value = json.loads(path.read_bytes())
    what = ", ".join(edit_value(rng, value) for _ in range(rng.choice((1, 1, 1, 2))) if places(value))
    path.write_text(text_of(value))
    return Edit(what)


def edit_log(rng: random.Random, path: Path) -> Edit:
    lines = path.read_text().splitlines()
    at = rng.randrange(len(lines))
    what = rng.choice(
        ("value", "value", "value", "value", "drop", "repeat", "swap", "cut", "empty", "crlf", "bom", "nul")
    )
    match what:
        case "value":
            record = json.loads(lines[at])
            what = f"line {at + 1}: {edit_value(rng, record)}"
            lines[at] = text_of(record)
        case "drop":
            del lines[at]
        case "repeat":
            lines.insert(at, lines[at])
        case "swap":
            lines.reverse()
        case "empty":
            lines = []
    text = "".join(line + ("\r\n" if what == "crlf" else "\n") for line in lines)
    if what == "cut":
        text = text[: rng.randrange(len(text))]
    data = text.encode()
    path.write_bytes(b"\xef\xbb\xbf" * (what == "bom") + data + b"\0" * (what == "nul"))
    return Edit(what)


TORCH = {
    "F32": "torch.float32",
    "F64": "torch.float64",
    "F16": "torch.float16",
    "I32": "torch.int32",
    "U8": "torch.uint8",
}


def checksum(header: dict[str, Any], body: bytes, facts: str) -> str:
    """The SHA-256 that a forger writes: of the facts, and of each tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(facts.encode("utf-8", "surrogatepass"))
    for name in sorted(n for n in header if n != "__metadata__"):
        entry = header[name]
        shape = tuple(entry["shape"])
        digest.update(f"{name} {TORCH.get(entry['dtype'], entry['dtype'])} {shape}".encode())
        start, end = entry["data_offsets"]
        digest.update(body[start:end])
    return digest.hexdigest()


def edit_tensors(rng: random.Random, path: Path) -> Edit:
    """Change header, facts or numbers of a safetensors file, as often as not with a new checksum."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    seal = json.loads(header["__metadata__"]["vaelid"])
    anew, part = rng.random() < 0.7, rng.choice(("facts", "facts", "facts", "header", "numbers", "length", "seal"))
    forged, facts = False, seal["facts"]
    if part == "facts":
        value = json.loads(facts)
        inside = rng.choice(("run", "rest"))
        aim = value["run"] if inside == "run" else {k: v for k, v in value.items() if k != "run"}
        what = f"facts, {inside}: {edit_value(rng, aim)}"
        value = {"run": aim, **{k: v for k, v in value.items() if k != "run"}} if inside == "run" else {
            "run": value["run"], **aim}  # fmt: skip
        facts, forged = text_of(value), inside == "rest" and anew
    elif part == "header":
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        what = f"header: {edit_value(rng, tensors)}"
        header = {"__metadata__": header["__metadata__"], **tensors}
        forged = anew  # tensors of one shape may have been exchanged
    elif part == "numbers":
        for _ in range(rng.choice((1, 4))):
            at = rng.randrange(0, len(body) - 3, 4)
            body[at : at + 4] = struct.pack("<f", rng.choice((float("nan"), float("inf"), 1e30, 0.0, rng.gauss(0, 1))))
        what, forged = "numbers", anew
    elif part == "length":
        length = rng.choice((0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1))
        path.write_bytes(struct.pack("<Q", length) + data[8:])
        return Edit(f"length {length}")
    else:
        what = f"seal: {edit_value(rng, seal)}"
        header["__metadata__"]["vaelid"] = text_of(seal)
        anew = False
    if part != "seal":
        if anew:
            try:
                seal = {"facts": facts, "sha256": checksum(header, bytes(body), facts)}
            except (KeyError, TypeError, ValueError, AttributeError):
                anew = False
        else:
            seal = {**seal, "facts": facts}
        header["__metadata__"]["vaelid"] = json.dumps(seal)
    text = text_of(header).encode("utf-8", "surrogatepass")
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))
    return Edit(f"{what}{', checksum made anew' * anew}", forged)


def edit_bytes(rng: random.Random, path: Path) -> Edit:
    """Flip, cut, insert, repeat or clear bytes anywhere in the file."""
    data = bytearray(path.read_bytes())
    what = rng.choice(("flip", "flip", "flip", "set", "cut", "insert", "delete", "repeat", "clear"))
    at = rng.randrange(len(data)) if data else 0
    span = slice(at, at + rng.choice((1, 2, 8, 100)))
    match what:
        case "flip":
            for _ in range(rng.choice((1, 1, 3))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case "set":
            data[at] = rng.choice(b'\0\xff"{}[],:0-\n\\ ')
        case "cut":
            del data[at:]
        case "insert":
            data[at:at] = rng.choice((b"\0", b" ", b"\n", b'"', b"{", b"0", b"\xff\xfe", rng.randbytes(9)))
        case "delete":
            del data[span]
        case "repeat":
            data[at:at] = data[span]
        case "clear":
            data[span] = bytes(len(data[span]))
    path.write_bytes(data)
    return Edit(f"{what} at {at}")


def edit_file(rng: random.Random, path: Path, other: Path) -> Edit:
    """The whole file: gone, empty, another run's, a folder, a pipe, a link."""
    what = rng.choice(
        ("gone", "empty", "another's", "another's", "another's", "folder", "pipe", "link", "device", "loop")
    )
    if what == "another's":
        shutil.copy(other / path.name, path)
        return Edit("another run's file")
    path.unlink()
    match what:
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(other / path.name)
        case "device":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path)
    return Edit(what)


STRUCTURED: dict[str, Callable[[random.Random, Path], Edit]] = {
    "config.json": edit_json,
    "log.jsonl": edit_log,
    "model.safetensors": edit_tensors,
    "checkpoint.safetensors": edit_tensors,
}


def edit_folder(rng: random.Random, kind: str, run: Path, data: Path, other: Path, only: str | None = None) -> Edit:
    """One random edit, by "structure" or by "bytes", of the run in `run`, of its data, or with a file of `other`.

    `only` names the file that is edited.
    """
    if only is not None:
        path = data if only == data.name else run / only
        return prefixed(only, STRUCTURED[only](rng, path) if kind == "structure" else edit_bytes(rng, path))
    names = [name for name in STRUCTURED if (run / name).exists()]
    name = rng.choices(names, [4 if n == "config.json" else 1.5 for n in names])[0]
    if rng.random() < 0.04:
        return prefixed("data", edit_bytes(rng, data))
    if kind == "bytes":
        return prefixed(name, edit_bytes(rng, run / name))
    if rng.random() < 0.08:
        return prefixed(name, edit_file(rng, run / name, other))
    return prefixed(name, STRUCTURED[name](rng, run / name))


def prefixed(name: str, edit: Edit) -> Edit:
    return Edit(f"{name}: {edit.what}", edit.forged)
