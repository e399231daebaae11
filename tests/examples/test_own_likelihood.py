"""The page on an own likelihood: every command on it gives what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "own-likelihood.md"


def outcome(page: str, path: Path) -> tuple[int, str, str]:
    """What doctest says of a page, in a process of its own: what is named on it stays for the session."""
    path.write_text(re.sub(r"^```.*$", "", page, flags=re.MULTILINE), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "doctest", str(path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return done.returncode, done.stdout, done.stderr


def test_the_page_shows_what_its_commands_give(tmp_path):
    assert outcome(PAGE.read_text(encoding="utf-8"), tmp_path / "page.md") == (0, "", "")


def test_another_line_would_be_noticed(tmp_path):
    status, out, _ = outcome("```pycon\n>>> 'smt'\n'axiom'\n```\n", tmp_path / "page.md")
    assert status == 1
    assert "Expected:\n    'axiom'\nGot:\n    'smt'" in out
