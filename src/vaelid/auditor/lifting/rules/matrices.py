"""Matrices: triangular ones, their products with vectors, and products of vectors.

In: an event such as `torch.bmm(L, e)` of a triangular matrix L, or one that makes such a matrix. Out: the matrix by its
two parts, or the tensor of the products. For example, `raw.tril(-1) + torch.diag_embed(s)` is triangular, and its
product with e is the sum of A[i0, i1, k] e[i0, k] over k, and s[i0, i1] e[i0, i1]. Any other product of matrices is
cut, as a layer is.
"""

from vaelid.auditor.formula.arithmetic import is_number, number_left
from vaelid.auditor.formula.axes_of_terms import index_of, placed, total
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import divided, root
from vaelid.auditor.lifting.cut import cut
from vaelid.auditor.lifting.operands import operand, operands
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.sums import over
from vaelid.auditor.lifting.tensor import Lifted, Triangular
from vaelid.auditor.lifting.triangular import parts_of, positions_of, triangular
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, as_term

__all__: list[str] = []


@reads("tril")
def _lower(reader: Reader, event: Event) -> Lifted:
    """What is below the diagonal of a matrix is a leaf; of a matrix that is triangular already, all of it."""
    x, *rest = event.arguments
    offset = rest[0] if rest else event.options.get("diagonal", 0)
    found = operand(reader, event, x)
    if found.triangular is not None and offset == 0:
        return found
    if offset >= 0:
        raise Mixed("a matrix with its diagonal")
    (leaf,) = cut(reader, event)
    return triangular(event, leaf.dims, Triangular(leaf, None, *_rows_and_columns(leaf)))


@reads("diag_embed")
def _on_the_diagonal(reader: Reader, event: Event) -> Lifted:
    if event.arguments[1:] not in ((), (0,)) or event.options:
        raise Mixed("a diagonal at another place")
    (output,) = event.made_regions
    x = operand(reader, event, event.arguments[0])
    dims = (*x.dims, *reader.new_dims(event, output.size)[-1:])
    if x.pieces or x.picked is not None or x.triangular is not None:
        raise Mixed("a diagonal without an element")
    return triangular(event, dims, Triangular(None, x, *_rows_and_columns(x.laid_out(dims))))


@reads("eye")
def _identity(reader: Reader, event: Event) -> Lifted:
    (output,) = event.made_regions
    dims = reader.new_dims(event, output.size)
    if output.size[0] != output.size[1]:
        raise Mixed("an identity that is not square")
    ones = Lifted(dims[:1], lambda: as_term(1))
    return triangular(event, dims, Triangular(None, ones, *_rows_and_columns(ones.laid_out(dims))))


def _rows_and_columns(x: Lifted) -> tuple[int, int]:
    """The axes of the last two dimensions. Raises `Mixed` where these are no single ones."""
    if len(x.dims) < 2 or any(len(dim) != 1 for dim in x.dims[-2:]) or x.dims[-1] == x.dims[-2]:
        raise Mixed("a matrix whose rows or columns are no axis")
    return x.dims[-2][0], x.dims[-1][0]


@reads("diagonal")
def _diagonal(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    rest = list(event.arguments[1:])
    offset, *dims = rest or [event.options.get("offset", 0)]
    one, two = dims or (event.options.get("dim1", 0), event.options.get("dim2", 1))
    rank = len(x.dims)
    if x.triangular is None or offset != 0:
        raise Mixed("the diagonal of a matrix that is not triangular")
    places = positions_of(reader, x, x.triangular)
    if {one % rank, two % rank} != {*places} or len(x.dims[places[0]]) != 1 or len(x.dims[places[1]]) != 1:
        raise Mixed("a diagonal along other dimensions")
    _, diagonal = parts_of(reader, x, x.triangular)
    rest_of = tuple(dim for d, dim in enumerate(x.dims) if d not in places)
    laid = (*rest_of, x.dims[places[0]])
    return Lifted(laid, lambda: as_term(0)) if diagonal is None else diagonal.laid_out(laid)


@reads("linalg_cholesky_ex", several=True)
def _cholesky(reader: Reader, event: Event) -> list[Lifted]:
    """Of a diagonal matrix it is the matrix of the roots."""
    x = operand(reader, event, event.arguments[0])
    of = x.triangular
    if of is None or of.below is not None or of.diagonal is None:
        raise Mixed("the Cholesky factor of a matrix that is not diagonal")
    roots = pointwise(reader, event, root, of.diagonal)
    _, *others = cut(reader, event)
    return [triangular(event, x.dims, Triangular(None, roots, of.row, of.column)), *others]


@reads("linalg_solve_triangular")
def _solved(reader: Reader, event: Event) -> Lifted:
    """By a diagonal matrix each row is divided; of the product of a triangular matrix with a draw it is the draw."""
    matrix, x = operands(reader, event, 2)
    of = matrix.triangular
    options = event.options
    lower = not options.get("upper") and not options.get("unitriangular") and options.get("left", True)
    if of is None or of.diagonal is None or not lower:
        raise Mixed("a system that is not lower triangular")
    if positions_of(reader, matrix, of) != (len(matrix.dims) - 2, len(matrix.dims) - 1):
        raise Mixed("a system that is not lower triangular")
    for d in range(-len(x.dims), -1):
        if -d <= len(matrix.dims) and matrix.dims[d] and x.dims[d]:
            reader.axes.pair(matrix.dims[d], x.dims[d])
    if of.below is None:
        _, diagonal = parts_of(reader, matrix, of)
        assert diagonal is not None
        return pointwise(reader, event, divided, x, diagonal)
    return _draw_of(reader, matrix, of, x)


def _draw_of(reader: Reader, matrix: Lifted, of: Triangular, x: Lifted) -> Lifted:
    """The draw e of which x is `matrix` @ e. Raises `Mixed` where it is no such product."""
    if matrix.stops or x.stops or x.triangular is not None:
        raise Mixed("a system whose gradient is cut off")
    (row,), (column,) = (reader.axes.now((axis,)) for axis in (of.row, of.column))
    for name in sorted(x.leaves):
        leaf = reader.leaves[name]
        (*_, own) = [axis for dim in leaf.dims for axis in reader.axes.now(dim)] or [None]
        if leaf.kind != "noise" or own is None:
            continue
        eps = reader.element(name)
        left = number_left(x.element - _product(of, eps, own, row, column))
        if left is not None and is_number(left, 0):
            return Lifted(x.dims, lambda eps=eps, own=own: placed(eps, {own: index_of(row)}), frozenset({name}))
    raise Mixed("a system of which no draw is known to be the solution")


def _product(of: Triangular, vector: TermArray, own: int, row: int, column: int) -> TermArray:
    """The element of matrix @ vector at a row; `own`: the axis of the vector."""
    found = as_term(0)
    if of.below is not None:
        found = total(of.below.element * placed(vector, {own: index_of(column)}), column)
    if of.diagonal is not None:
        found = found + of.diagonal.element * placed(vector, {own: index_of(row)})
    return found


@reads("bmm")
def _products(reader: Reader, event: Event) -> Lifted:
    """One product of vectors in each row, as `einsum("bi,bi->b")` makes it; or of a triangular matrix with vectors."""
    (output,) = event.made_regions
    x, y = operands(reader, event, 2)
    if x.triangular is not None:
        return _of_triangular(reader, event, x, x.triangular, y)
    if output.size[1:] != (1, 1):
        raise Mixed("")
    turned = y.laid_out((y.dims[0], y.dims[2], y.dims[1]))
    return over(reader, event, pointwise(reader, event, lambda x, y: x * y, x, turned), [2], "sum", keep=True)


def _of_triangular(reader: Reader, event: Event, x: Lifted, of: Triangular, y: Lifted) -> Lifted:
    """A triangular matrix times the columns of y: what is below the diagonal is summed over, what is on it is not."""
    rank = len(x.dims)
    if positions_of(reader, x, of) != (rank - 2, rank - 1) or len(y.dims[-2]) != 1 or y.triangular is not None:
        raise Mixed("a product of a triangular matrix along other dimensions")
    (own,) = reader.axes.pair(x.dims[-2], y.dims[-2])
    batch, columns = y.dims[:-2], y.dims[-1]
    below, diagonal = parts_of(reader, x, of)
    (column,) = reader.axes.now((of.column,))
    parts: list[Lifted] = []
    if below is not None:
        matrix = below.laid_out((*x.dims, ()))
        vectors = y.renamed({own: column}, (*batch, (), (column,), columns))
        products = pointwise(reader, event, lambda a, v: a * v, matrix, vectors)
        parts.append(over(reader, event, products, [rank - 1], "sum"))
    if diagonal is not None:
        parts.append(pointwise(reader, event, lambda s, v: s * v, diagonal, y))
    if len(parts) == 1:
        return parts[0]
    return pointwise(reader, event, lambda one, other: one + other, *parts)
