"""Cases written from public code and bug reports, whose truths were derived by hand before an auditor saw them."""
