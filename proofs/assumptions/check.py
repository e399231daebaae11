"""Re-check the built development: the words it may not contain, its names, its assumptions, and coqchk.

    python3 assumptions/check.py [--json] [--no-coqchk] | --statements

Run after `make`. Standard library only. Exit status 1 when something is not as it should be.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

PROOFS = Path(__file__).resolve().parent.parent
ROOT = ["-Q", str(PROOFS), "Vaelid"]
FORBIDDEN = re.compile(r"\b(Admitted|admit|Axioms?|Parameters?|Conjecture|give_up)\b|\bbypass_check|Unset Guard")
LISTS = {"elementary": "classical.txt", "measured": "mathcomp.txt", "computed": "interval.txt"}
"""Each list of Theorems.v, and the allow-list of what its theorems may rest on."""


def sources() -> list[Path]:
    """The .v files of _CoqProject, in its order."""
    lines = (PROOFS / "_CoqProject").read_text().splitlines()
    return [PROOFS / line for line in lines if line.endswith(".v")]


def code(path: Path) -> str:
    """The text of a .v file without its comments (which may be nested); line breaks are kept."""
    kept, depth, text = [], 0, path.read_text()
    position = 0
    while position < len(text):
        pair = text[position : position + 2]
        if pair in ("(*", "*)"):
            depth += 1 if pair == "(*" else -1
            position += 2
            continue
        if depth == 0 or text[position] == "\n":
            kept.append(text[position])
        position += 1
    return "".join(kept)


def forbidden_words() -> list[str]:
    """Where a proof is missing or something is assumed by us."""
    return [
        f"{path.relative_to(PROOFS)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(code(path).splitlines(), 1)
        if FORBIDDEN.search(line)
    ]


def exported() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Theorems.v: each name with the theorem it stands for, and the lists of names."""
    text = code(PROOFS / "Theorems.v")
    names = dict(re.findall(r"^Definition (\w+) :=\s+@(\w+\.\w+)\.$", text, re.MULTILINE))
    lists = {
        name: re.findall(r"\w+", body)
        for name, body in re.findall(r"^Definition (\w+) := \((.*?)\)\.", text, re.MULTILINE | re.DOTALL)
    }
    return names, lists


def misfiled(names: dict[str, str], lists: dict[str, list[str]]) -> list[str]:
    """Names of Theorems.v that are not in exactly one of its lists, and lists without an allow-list."""
    filed = [name for entries in lists.values() for name in entries]
    problems = [f"{name}: in {filed.count(name)} lists of Theorems.v" for name in names if filed.count(name) != 1]
    problems += [f"{name}: in a list of Theorems.v, but not defined there" for name in filed if name not in names]
    return problems + [f"{name}: no allow-list" for name in lists if name not in LISTS]


def where(theorem: str) -> str:
    """MODULE.NAME as folder/file.v:name."""
    module, name = theorem.split(".")
    (path,) = (path for path in sources() if path.stem == module)
    return f"{path.relative_to(PROOFS)}:{name}"


def allowed(file: str) -> set[str]:
    """The names of an allow-list: before the colon, on lines that are not indented and not comments."""
    lines = (PROOFS / "assumptions" / file).read_text().splitlines()
    return {line.partition(":")[0] for line in lines if line.strip() and not line.startswith((" ", "#"))}


def printed_assumptions() -> list[set[str]]:
    """What Rocq says each list of Theorems.v rests on, in the order of LISTS."""
    blocks: list[set[str]] = []
    for file in ("Assumptions", "AssumptionsInterval"):
        # compiled elsewhere: what is compiled beside the sources is what was built, and nothing more
        with tempfile.TemporaryDirectory() as folder:
            command = ["coqc", "-q", "-noglob", *ROOT, "-o", f"{folder}/{file}.vo", f"assumptions/{file}.v"]
            output = subprocess.run(command, cwd=PROOFS, check=True, capture_output=True, text=True).stdout
        for block in re.split(r"^Axioms:\n|^Closed under the global context\n", output, flags=re.MULTILINE)[1:]:
            blocks.append({re.split(r"[\s:]", line)[0] for line in block.splitlines() if not line.startswith(" ")})
    return blocks


def assumptions() -> list[str]:
    """Where what Rocq prints and the allow-lists differ, either way."""
    blocks = printed_assumptions()
    if len(blocks) != len(LISTS):
        return [f"{len(blocks)} answers of Print Assumptions, {len(LISTS)} expected"]
    problems = []
    for (name, file), found in zip(LISTS.items(), blocks, strict=True):
        problems += [f"{name} rests on {entry}, which {file} does not allow" for entry in sorted(found - allowed(file))]
        problems += [f"{file} allows {entry}, on which nothing rests" for entry in sorted(allowed(file) - found)]
    return problems


def coqchk() -> list[str]:
    """The independent checker, on our compiled files alone (`-norec`: not on the libraries they use)."""
    names = (".".join(path.relative_to(PROOFS).with_suffix("").parts) for path in sources())
    modules = [part for name in names for part in ("-norec", f"Vaelid.{name}")]
    done = subprocess.run(["coqchk", "-silent", *ROOT, *modules], cwd=PROOFS, capture_output=True, text=True)
    return [] if done.returncode == 0 else ["coqchk: " + (done.stderr or done.stdout).strip()]


def kernel_coefficients() -> list[str]:
    """The polynomial of KlKernel.v against the float32 constants that run."""
    kernel = PROOFS.parent / "src" / "vaelid" / "train" / "excess.py"
    if not kernel.exists():
        return []
    for node in ast.walk(ast.parse(kernel.read_text())):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FLOAT32_KERNEL":
            runs = [Fraction(float.fromhex(text)) for text in reversed(ast.literal_eval(node.value))]
            body = re.search(r"Definition kernel_polynomial.*?\.\n", code(PROOFS / "objective/KlKernel.v"), re.DOTALL)
            proved = [Fraction(int(a), int(b)) for a, b in re.findall(r"(\d+) / (\d+)", body[0] if body else "")]
            return [] if runs == proved else ["KlKernel.v and train/excess.py have different coefficients"]
    return ["train/excess.py: _FLOAT32_KERNEL is not there; KlKernel.v is about it"]


def statements(names: dict[str, str]) -> str:
    """The statement of every exported theorem, as Rocq prints it."""
    script = [
        "Set Printing Width 98.",
        "From Vaelid.measure Require Import Prelude LebesgueIntegral Product GaussianNd Law JointLaw VectorLaw.",
        "From Vaelid Require Theorems.",
        "From Coq Require Import Reals.",
        "Open Scope R_scope.",
        *(f"Check Theorems.{name}." for name in names),
    ]
    output = subprocess.run(
        ["coqtop", "-q", *ROOT], cwd=PROOFS, input="\n".join(script), check=True, capture_output=True, text=True
    ).stdout
    return output[output.index("Theorems.") :].replace("Theorems.", "")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object: problems, and what each theorem rests on")
    parser.add_argument("--no-coqchk", action="store_true")
    parser.add_argument("--statements", action="store_true", help="print the statements, check nothing")
    options = parser.parse_args()
    names, lists = exported()
    if options.statements:
        print(statements(names))
        return 0
    checks = {
        "words": forbidden_words,
        "names": lambda: misfiled(names, lists),
        "coefficients": kernel_coefficients,
        "assumptions": assumptions,
    }
    if not options.no_coqchk:
        checks["coqchk"] = coqchk
    problems = {name: check() for name, check in checks.items()}
    failed = any(problems.values())
    if options.json:
        rests_on = {name: LISTS[group] for group, entries in lists.items() for name in entries}
        theorems = {name: {"rocq": where(names[name]), "rests_on": rests_on[name]} for name in names}
        print(json.dumps({"checked": not failed, "problems": problems, "theorems": theorems}, indent=2))
    else:
        for name, found in problems.items():
            print(f"{name}: {'ok' if not found else ''}", *found, sep="\n  " if found else "")
        print(f"{len(names)} theorems, {len(sources())} files: {'NOT as they should be' if failed else 'checked'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
