"""Laws and integrals."""

RESULTS = ()
