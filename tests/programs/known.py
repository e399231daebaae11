"""The first programs that are wrongly judged still, by number. Whoever mends one takes it out."""

KNOWN: dict[int, str] = {
    13: "wrong REFUTED",
    16: "wrong REFUTED",
    56: "wrong REFUTED",
    100: "wrong REFUTED",
    103: "wrong REFUTED",
    115: "wrong REFUTED",
    116: "wrong REFUTED",
    117: "wrong REFUTED",
    138: "wrong REFUTED",
    140: "wrong REFUTED",
    148: "wrong REFUTED",
    161: "wrong REFUTED",
    162: "wrong REFUTED",
    163: "wrong REFUTED",
    189: "wrong REFUTED",
    193: "wrong REFUTED",
}
