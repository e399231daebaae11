"""The first programs that are wrongly judged still, by number. Whoever mends one takes it out."""

KNOWN: dict[int, str] = {}
