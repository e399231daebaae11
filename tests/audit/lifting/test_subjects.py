"""Each operation is read by a function in the file of its subject; each rule alone, on one event."""

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import RULES
from vaelid.auditor.lifting.rules import (
    comparisons,
    constants,
    draws,
    elementwise,
    extrema,
    losses,
    masks,
    matrices,
    normals_of_uniforms,
    parts,
    picks,
    reductions,
    views,
)
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.recording.record import record
from vaelid.readings.terms.text import text

from .read import OTHER, ROWS

SUBJECTS = {
    comparisons: "eq ne gt lt ge le",
    constants: "ones ones_like new_ones zeros zeros_like new_zeros zero full full_like fill new_full scalar_tensor",
    draws: "randn randn_like normal normal_functional rand rand_like uniform",
    normals_of_uniforms: "erfinv",
    extrema: "prod amax amin max min",
    losses: "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits",
    masks: "where masked_fill index_put index masked_select bitwise_not logical_not bitwise_and logical_and",
    parts: "split split_with_sizes chunk unsafe_split unbind slice select narrow cat stack",
    picks: "gather nll_loss_forward nll_loss2d_forward",
    matrices: "tril diag_embed eye diagonal linalg_cholesky_ex linalg_solve_triangular bmm",
    reductions: "sum mean logsumexp linalg_vector_norm _softmax _log_softmax dot vdot",
    views: "view _unsafe_view reshape unsqueeze squeeze flatten _reshape_alias t numpy_T permute transpose expand copy "
    "repeat flip",
}


@pytest.mark.parametrize("module", SUBJECTS)
def test_a_file_reads_the_operations_of_its_subject(module):
    names = {name for name, rule in RULES.items() if rule.function.__module__ == module.__name__}
    assert names == set(SUBJECTS[module].split())


def test_all_others_are_of_single_elements():
    others = set(RULES) - {name for names in SUBJECTS.values() for name in names.split()}
    assert {RULES[name].function.__module__ for name in others} == {elementwise.__name__}
    assert {"exp", "add", "clamp", "pow", "lerp"} <= others


OF_SEVERAL = (
    "split split_with_sizes chunk unsafe_split unbind log_sigmoid_forward nll_loss_forward nll_loss2d_forward "
    "linalg_cholesky_ex"
)


def test_operations_of_several_results_have_rules_that_give_several():
    assert {name for name, rule in RULES.items() if rule.several} == set(OF_SEVERAL.split())


def last(function):
    """A reader before the last event of a run, and that event; it reads leaves, with one axis for each length."""
    recording = record(function, (ROWS, OTHER), {"a": ROWS, "b": OTHER})
    event = recording.events_that_count()[-1]
    reader = Reader(recording, Axes())
    for region in event.regions:
        dims = tuple(reader.axes.dim(n, n) for n in region.size)
        values = reader.values_before(event.number, region)
        reader.known[region] = reader.of_leaf(Leaf(reader.name("x"), "made", dims, values))
    return reader, event


ALONE = {
    "comparisons": (lambda a, b: a.sum() > 100, "0"),
    "constants": (lambda a, b: a.new_full((3, 5), 0.25), "1/4"),
    "a sum": (lambda a, b: torch.add(a, b, alpha=2), "x1[i0, i1] + x2[i0, i1] · 2"),
    "a quotient by a number": (lambda a, b: a / 4, "x1[i0, i1] · (1/4)"),
    "a root": (lambda a, b: a.sqrt(), "exp(log(x1[i0, i1]) / 2)"),
    "a square": (lambda a, b: a.square(), "x1[i0, i1]²"),
    "extrema": (lambda a, b: a[:, :2].prod(1), "x1[i0, 0] · x1[i0, 1]"),
    "losses": (lambda a, b: F.mse_loss(a, b, reduction="sum"), "Σ_{i<N0} Σ_{j<N1} (x1[i, j] − x2[i, j])²"),
    "a slice": (lambda a, b: a[:, 2:4], "x1[i0, i2 + 2]"),
    "a row": (lambda a, b: a[1], "x1[1, i1]"),
    "a norm": (lambda a, b: torch.linalg.vector_norm(a, dim=1), "exp(log(Σ_{i<N1} x1[i0, i]²) / 2)"),
    "a product of vectors": (lambda a, b: torch.dot(a[0], b[0]), "Σ_{i<N0} (x1[i] · x2[i])"),
    "a view": (lambda a, b: a.view(15), "x1[i0, i1]"),
    "an expansion": (lambda a, b: a[0].expand(3, 5), "x1[i0]"),
    "picks": (lambda a, b: a.gather(1, torch.tensor([[1], [0], [4]])), "Σ_{i<N1} (onehot1[i0, i] · x1[i0, i])"),
}


@pytest.mark.parametrize("name", ALONE)
def test_one_rule_on_one_event(name):
    function, expected = ALONE[name]
    reader, event = last(function)
    found = RULES[event.operation].function(reader, event)
    assert text(found.element.term) == expected
    assert tuple(map(reader.axes.length, found.dims)) == event.made_regions[0].size


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda a, b: torch.div(a, b, rounding_mode="trunc"), "a division that rounds"),
        (lambda a, b: a**b, "a power whose exponent is a tensor"),
        (lambda a, b: a.amax(1), "a product or extremum of many elements"),
        (lambda a, b: torch.linalg.vector_norm(a, 3), "a norm of order 3"),
        (lambda a, b: a.to(torch.int64), "a conversion to whole numbers"),
        (lambda a, b: F.binary_cross_entropy_with_logits(a, b, pos_weight=b[0]), "a weight on the positive examples"),
        (lambda a, b: F.nll_loss(a, torch.tensor([0, 1, 2]), weight=b[0]), "weights of classes"),
        (lambda a, b: torch.erfinv(a / 4), "^$"),
    ],
)
def test_a_rule_that_does_not_apply_says_why(function, reason):
    reader, event = last(function)
    with pytest.raises(Mixed, match=reason):
        RULES[event.operation].function(reader, event)


def test_a_normal_draw_is_its_leaf_and_its_moments():
    torch.manual_seed(0)
    reader, event = last(lambda a, b: torch.normal(a, b))
    found = RULES["normal"].function(reader, event)
    assert text(found.element.term).startswith("x1[i0, i1] + x2[i0, i1] · eps1[")
    assert reader.leaves["eps1"].law == "normal"


def test_parts_and_their_order():
    reader, event = last(lambda a, b: a.split([2, 3], 1)[1])
    found = RULES[event.operation].function(reader, event)
    assert [text(x.element.term) for x in found] == ["x1[i0, i2]", "x1[i0, i3 + 2]"]
    reader, event = last(lambda a, b: torch.stack([a, b]))
    stack = RULES["stack"].function(reader, event)
    assert (len(stack.pieces), stack.joined_at) == (2, -3)


def test_an_operand_is_known_by_its_region():
    reader, event = last(lambda a, b: a.exp())
    assert operand(reader, event, event.arguments[0]).leaves == {"x1"}
    assert text(operand(reader, event, 0.1).element.term) == "1/10"


def test_a_comparison_that_is_made_again_is_one_array():
    reader, event = last(lambda a, b: a > b)
    one, again = (RULES[event.operation].function(reader, event) for _ in range(2))
    assert one is again
    assert [leaf.operation for leaf in reader.leaves.values() if leaf.inputs] == ["gt"]
