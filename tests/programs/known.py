"""The first programs that are wrongly judged still, by number. Whoever mends one takes it out."""

KNOWN: dict[int, str] = {
    6: "wrong REFUTED",
    11: "wrong REFUTED",
    21: "wrong REFUTED",
    25: "wrong REFUTED",
    26: "wrong REFUTED",
    27: "wrong REFUTED",
    32: "wrong REFUTED",
    39: "wrong REFUTED",
}
