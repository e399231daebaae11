"""The walk from a thing to all that it was made of."""

from hypothesis import given
from hypothesis import strategies as st

from vaelid.auditor.formula.upstream import upstream

NAMES = st.sampled_from("abcdefgh")


def test_each_name_comes_once_and_the_given_ones_first():
    made_from = {"loss": ["kl", "nll"], "kl": ["mu"], "nll": ["z"], "z": ["mu"], "mu": [], "other": ["mu"]}
    walked = list(upstream(["loss"], made_from.__getitem__))
    assert walked[0] == "loss"
    assert sorted(walked) == ["kl", "loss", "mu", "nll", "z"]


def test_what_is_not_walked_to_is_not_asked_for():
    asked = []

    def made_from(name):
        asked.append(name)
        return ["next"]

    assert next(upstream(["first"], made_from)) == "first"
    assert asked == []


@given(st.dictionaries(NAMES, st.lists(NAMES)), st.lists(NAMES))
def test_it_is_the_smallest_set_that_holds_the_names_and_what_each_is_made_of(made_from, names):
    walked = list(upstream(names, lambda name: made_from.get(name, [])))
    closed = set(names)
    while larger := {part for name in closed for part in made_from.get(name, [])} - closed:
        closed |= larger
    assert set(walked) == closed
    assert len(walked) == len(closed)
