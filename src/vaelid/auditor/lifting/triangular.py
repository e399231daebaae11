"""Lower triangular matrices, as Cholesky factors are, by what is below the diagonal and what is on it.

In: the parts, as `raw.tril(-1)` and `torch.diag_embed(s)`, and what is done to the whole. Out: a `Lifted` whose
`triangular` has both parts, or a tensor made of both. For example, with A below the diagonal and s on it, `L.pow(2)`
has the parts A^2 and s^2, `L.pow(2).sum((1, 2))` is the sum of A[i0, i1, i2]^2 over i1 and i2 and of s[i0, i1]^2 over
i1, and `L @ e` is the sum of A[i0, i1, k] e[i0, k] over k, and s[i0, i1] e[i0, i1].

The whole has no element: that would be one formula off the diagonal and another one on it.
"""

from collections.abc import Callable, Sequence

from vaelid.auditor.formula.arithmetic import is_number, simple, tidy
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.axes import Dims
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, Triangular, without_element
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, as_term

__all__ = ["parts_of", "pointwise_of_triangular", "positions_of", "reduced_parts", "triangular"]


def triangular(event: Event, dims: Dims, of: Triangular) -> Lifted:
    """The matrix of these parts, its axes of rows and columns among these dimensions."""
    parts = [part for part in (of.below, of.diagonal) if part is not None]
    return without_element(dims, parts, "a triangular matrix as a whole", event.source, triangular=of)


def positions_of(reader: Reader, x: Lifted, of: Triangular) -> tuple[int, int]:
    """The dimensions that have the axes of rows and of columns. Raises `Mixed` where one was cut in two."""
    found = []
    for axis in (of.row, of.column):
        now = reader.axes.now((axis,))
        at = [d for d, dim in enumerate(x.dims) if now[0] in reader.axes.now(dim)]
        if len(now) != 1 or len(at) != 1:
            raise Mixed("a triangular matrix in another shape")
        found += at
    return found[0], found[1]


def parts_of(reader: Reader, x: Lifted, of: Triangular) -> tuple[Lifted | None, Lifted | None]:
    """Both parts in the dimensions of the whole: the diagonal is laid out along the rows, with one column."""
    _, at = positions_of(reader, x, of)
    (column,) = reader.axes.now((of.column,))
    rest = tuple(axis for axis in reader.axes.now(x.dims[at]) if axis != column)
    dims = tuple(rest if d == at else dim for d, dim in enumerate(x.dims))
    below = None if of.below is None else of.below.laid_out(x.dims)
    return below, None if of.diagonal is None else of.diagonal.laid_out(dims)


def pointwise_of_triangular(
    reader: Reader,
    event: Event,
    function: Callable[..., TermArray],
    combine: Callable[..., Lifted],
    operands: Sequence[Lifted],
) -> Lifted:
    """A function of elements that is 0 where the matrices are: part by part. Raises `Mixed` for any other.

    `combine`: what makes a tensor of the function's values, of operands with elements.
    """
    matrices = [(x, x.triangular) for x in operands if x.triangular is not None]
    (first, of), *others = matrices
    dims = first.dims
    places = {tuple(d - len(x.dims) for d in positions_of(reader, x, its)) for x, its in matrices}
    if len(places) > 1:
        raise Mixed("a triangular matrix beside a transposed one")
    ((row, column),) = places
    for x, _ in others:
        dims = tuple(reader.axes.pair(one, two) for one, two in zip(dims, x.dims, strict=True))
    beside = {id(x): _beside(reader, x, of, row, column) for x in operands if x.triangular is None}
    elsewhere = function(*(as_term(0) if x.triangular is not None else x.element for x in operands))
    if not is_number(simple(tidy(elsewhere)), 0):
        raise Mixed("a function of a triangular matrix that is not 0 above the diagonal")
    zero = Lifted((), lambda: as_term(0))
    found: list[Lifted | None] = []
    for k in (0, 1):
        parts = [beside[id(x)][k] if x.triangular is None else parts_of(reader, x, x.triangular)[k] for x in operands]
        missing = all(part is None for x, part in zip(operands, parts, strict=True) if x.triangular is not None)
        found.append(None if missing else combine(*(zero if part is None else part for part in parts)))
    return triangular(event, dims, Triangular(found[0], found[1], of.row, of.column))


def _beside(reader: Reader, x: Lifted, of: Triangular, row: int, column: int) -> tuple[Lifted, Lifted]:
    """An operand as it stands beside what is below a matrix's diagonal, and beside what is on it.

    `row`, `column`: the matrix's dimensions, from the end. What is on the diagonal is laid out along the rows: there a
    vector along the columns stands along the rows, too.
    """
    if len(x.dims) < -column or not x.dims[column]:
        return x, x
    if x.pieces or x.picked is not None or len(x.dims[column]) != 1 or (len(x.dims) >= -row and x.dims[row]):
        raise Mixed("a triangular matrix beside another matrix")
    (own,) = reader.axes.pair((of.row,), x.dims[column])
    (other,) = reader.axes.now((of.column,))
    at, padded = column + max(len(x.dims), -row), ((),) * (-row - len(x.dims)) + x.dims
    below = x.renamed({own: other}, tuple((other,) if d == at else dim for d, dim in enumerate(padded)))
    turned = {at: (), at + row - column: (own,)}
    return below, x.laid_out(tuple(turned.get(d, dim) for d, dim in enumerate(padded)))


def reduced_parts(
    reader: Reader, event: Event, x: Lifted, of: Triangular, gone: set[int], reduced: Callable[[Lifted], Lifted]
) -> Lifted | tuple[Lifted, ...]:
    """A matrix that is summed over some dimensions: a matrix again, or its parts, to be added up.

    `reduced`: what sums a tensor with elements over them, and keeps the dimensions or not. Raises `Mixed` where the
    rows are summed over and the columns are not.
    """
    row, column = positions_of(reader, x, of)
    if column not in gone and row in gone:
        raise Mixed("a sum over a triangular matrix that keeps its columns")
    below, diagonal = (None if part is None else reduced(part) for part in parts_of(reader, x, of))
    if column in gone:
        return tuple(part for part in (below, diagonal) if part is not None)
    whole = reduced(Lifted(x.dims, lambda: as_term(0)))
    return triangular(event, whole.dims, Triangular(below, diagonal, of.row, of.column))
