"""`python -m tests.documents`: write the marked numbers of the documents as they are counted."""

from .counts import COUNTS, DOCUMENTS, ROOT, rewritten

for path in DOCUMENTS:
    before = path.read_text()
    after = rewritten(before, COUNTS)
    if after != before:
        path.write_text(after)
        print(path.relative_to(ROOT))
