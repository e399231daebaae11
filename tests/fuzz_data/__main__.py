"""`python -m tests.fuzz_data [EDITS]`: so many edits of each level over all kinds of file; exit 1 if one is wrong.

Each kind is read in a process of its own, so that a crash of a decoder is seen too.
"""

import multiprocessing
import sys
from collections import Counter

from .files import FILES
from .run import OUTCOMES, WRONG, in_child


def main(edits: int = 10_000) -> int:
    """Run and print a table; the number of outcomes that are wrong."""
    each, total, found = -(-edits // len(FILES)), Counter(), []
    print(f"{'file':22}{'level':7}" + "".join(f"{name:>15}" for name in (*OUTCOMES, "crash")))
    for good in FILES:
        for level in ("bytes", "parts"):
            receiver, sender = multiprocessing.Pipe(duplex=False)
            child = multiprocessing.Process(target=in_child, args=(sender, good, level, each))
            child.start()
            sender.close()
            try:
                outcomes, wrong = receiver.recv()
            except EOFError:
                outcomes, wrong = Counter(crash=1), [f"{good.name}, {level}: the process ended"]
            child.join()
            total += outcomes
            found += wrong
            row = "".join(f"{outcomes[name]:15}" for name in (*OUTCOMES, "crash"))
            print(f"{good.name:22}{level:7}{row}", flush=True)
    print(f"{'all':29}" + "".join(f"{total[name]:15}" for name in (*OUTCOMES, "crash")))
    print("\n".join(found[:60]))
    return sum(total[name] for name in (*WRONG, "crash"))


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    sys.exit(min(1, main(*map(int, sys.argv[1:2]))))
