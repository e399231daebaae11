"""What is said of a loss, and what flows between the rooms, as data.

In come numbers, verdicts and sentences; out go values that every other room and the interface can hold: a `Claim` and a
`Report`, a `Witness` and a `Refutation`, the names of bugs (`BUGS`), and what a user declared (`Declared`). For a KL
with a wrong sign the witness is "computed -1, expected 1", and the claim REFUTED with the bug ``sign``.

Imports from no other room.
"""
