"""The examples are scripts: those of one folder import each other by their plain names."""

import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path[:0] = [str(EXAMPLES), str(EXAMPLES / "bug_zoo")]
