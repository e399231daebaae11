"""`python -m tests.documents`: write the marked numbers of the documents as they are counted, and the tour."""

from .counts import COUNTS, DOCUMENTS, ROOT, rewritten
from .tour import tour

for path in DOCUMENTS:
    before = path.read_text()
    after = rewritten(before, COUNTS)
    if after != before:
        path.write_text(after)
        print(path.relative_to(ROOT))

TOUR = ROOT / "docs/auditor.md"
if not TOUR.exists() or TOUR.read_text() != tour():
    TOUR.write_text(tour())
    print(TOUR.relative_to(ROOT))
