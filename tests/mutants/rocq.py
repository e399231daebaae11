"""Mutants of the emitted definitions: each must break the build of the proofs.

`python -m tests.mutants.rocq` changes `proofs/spec/Gen.v` in one place at a time (a sign, an operation, a constant,
an exponent, exp for ln, a mean that becomes a sum), in a copy of the development, and compiles what follows it until a
file fails: Coq refuses it, or does not come to an end in LIMIT seconds of a core where the true file takes two. A
mutant that everything compiles with is alive, and the exit status is 1.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

LIMIT = 30
PROOFS = Path(__file__).parents[2] / "proofs"
# In order: what a definition's equation is proved in, then what uses it.
FILES = (
    "base/FiniteSums.v",
    "base/Elementary.v",
    "spec/Gen.v",
    "spec/KernelAxioms.v",
    "spec/GenLinks.v",
    "spec/Latent.v",
    "spec/Objective.v",
    "spec/Vae.v",
)
CHANGES = (
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r" \* ", " / "),
    (r" / (?!INR)", " * "),
    (r" / INR \w+", ""),
    (r"\^ 2", "^ 3"),
    (r"(?<![\w.^])1(?![\w.])", "2"),
    (r"(?<=/ )2(?![\w.])", "3"),
    (r"(?<=\()2 \* PI", "3 * PI"),
    (r"\bexp\b", "ln"),
    (r"\bln\b", "exp"),
    (r" <> ", " = "),
    (r" < ", " <= "),
)


@dataclass(frozen=True)
class Mutant:
    """One change: of which definition, where in the file, and its text before and after."""

    definition: str
    start: int
    end: int
    after: str
    before: str

    def __str__(self) -> str:
        before, after = (part.strip() or "nothing" for part in (self.before, self.after))
        return f"{self.definition}, character {self.start}: {before} -> {after}"


def mutants(text: str) -> Iterator[Mutant]:
    """Every change of the list at every place in the bodies of the definitions."""
    for definition in re.finditer(
        r"^Definition (\w+)[^\n]*(?:\n    [^\n]*)*:=\n(.*?\.)\n", text, re.MULTILINE | re.DOTALL
    ):
        start, end = definition.span(2)
        for pattern, after in CHANGES:
            for found in re.finditer(pattern, text[start:end].replace("\n", " ")):
                place = start + found.start(), start + found.end()
                yield Mutant(definition[1], *place, after, text[slice(*place)])


def killed_by(mutant: Mutant, text: str, built: Path) -> str | None:
    """The file that no longer compiles; None where all do."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "proofs"
        shutil.copytree(built, copy)
        (copy / "spec/Gen.v").write_text(text[: mutant.start] + mutant.after + text[mutant.end :])
        for file in FILES[FILES.index("spec/Gen.v") :]:
            if not compiles(copy, file):
                return file
    return None


def compiles(folder: Path, file: str) -> bool:
    command = ["prlimit", f"--cpu={LIMIT}", "coqc", "-q", "-w", "none", "-Q", ".", "Vaelid", file]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.rocq", description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take every N-th mutant only")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    text = (PROOFS / "spec/Gen.v").read_text()
    chosen = list(mutants(text))[:: options.every]
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "proofs"
        for file in FILES:
            (built / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROOFS / file, built / file)
        if not all(compiles(built, file) for file in FILES):
            print("the proofs do not compile as they are", file=sys.stderr)
            return 1
        with ThreadPoolExecutor(options.jobs) as pool:
            killers = list(
                tqdm(
                    pool.map(lambda mutant: killed_by(mutant, text, built), chosen),
                    total=len(chosen),
                    disable=not sys.stderr.isatty(),
                )
            )
    alive = [mutant for mutant, killer in zip(chosen, killers, strict=True) if killer is None]
    for file in FILES:
        if count := killers.count(file):
            print(f"  {count:4} stopped by {file}")
    for mutant in alive:
        print(f"ALIVE  {mutant}")
    print(f"{len(chosen)} mutants of Gen.v: {len(chosen) - len(alive)} break the build, {len(alive)} alive")
    return int(bool(alive))


if __name__ == "__main__":
    sys.exit(main())
