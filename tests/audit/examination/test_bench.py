"""Runs again and again, each from the same state: what is set back, what is seeded, and what is back-propagated."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from vaelid.auditor.examination.bench import Bench, number_of_rows, operations
from vaelid.auditor.recording.calls import scalar_loss
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import UserCodeError

from .made import Small, grey, single

pytestmark = pytest.mark.slow  # audits run three times slower under type checks; `make test-long` has them


class on_bench:
    """A bench of a step, and all set back at the end."""

    def __init__(self, step, batch):
        self.step, self.batch = step, batch

    def __enter__(self):
        self.unchanged = unchanged([self.step], [self.batch])
        return Bench(self.step, self.batch, scalar_loss, self.unchanged.__enter__())

    def __exit__(self, *error):
        self.unchanged.__exit__(*error)


X = grey(4, 5)


def weight(*shape, value=None):
    values = grey(*shape) if value is None else torch.full(shape, value)
    return nn.Parameter(values)


# what is given and trained


def test_it_knows_what_no_operation_made_and_what_of_it_is_trained():
    w, fixed, whole = weight(5, 2), grey(4, 2), torch.arange(4)
    with on_bench(lambda x: ((x[whole] @ w) * fixed).sum(), X) as bench:
        assert {id(t) for t in bench.given} == {id(w), id(fixed)}  # not the batch, and not whole numbers
        assert [id(t) for t in bench.parameters] == [id(w)]
        assert all(v.dtype == torch.float64 for v in bench.start)
        assert "aten.mm.default" in bench.names


def test_parameters_move_by_their_own_deviations_and_nothing_else_does():
    w, zeros, fixed = weight(200, 50), weight(500, value=0.0), grey(3)
    with on_bench(lambda x: (w.sum() + zeros.sum()) * fixed.sum() + x.sum(), X) as bench:
        moved, again, other = bench.moved(0.5, seed=1), bench.moved(0.5, seed=1), bench.moved(0.5, seed=2)
        by = {id(t): (new - old) for t, old, new in zip(bench.given, bench.start, moved, strict=True)}
        assert float(by[id(w)].std()) == pytest.approx(0.5 * float(w.detach().std()), rel=0.05)
        assert float(by[id(zeros)].std()) == pytest.approx(0.5 * 0.3, rel=0.1)  # all are equal: there is no deviation
        assert not by[id(fixed)].any()
        assert all(torch.equal(a, b) for a, b in zip(moved, again, strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(moved, other, strict=True))
        assert all(torch.equal(a, b) for a, b in zip(bench.moved(0, seed=1), bench.start, strict=True))


def test_a_run_has_the_values_and_the_batch_that_it_is_given():
    w = weight(5)
    with on_bench(lambda x: (x @ w).sum(), X) as bench:
        assert bench.run([torch.ones(5).double()], batch=2 * torch.ones(3, 5).double()).loss == 30.0
        assert bench.run([torch.zeros(5).double()]).loss == 0.0
        assert bench.run().loss == pytest.approx(float((X @ w).detach().sum()), rel=1e-6)
        assert bench.runs == 5  # with those that it began with


def test_a_step_may_write_into_its_batch():
    w = weight(5)

    def step(x):
        x.mul_(2)
        return (x @ w).sum()

    x = X.clone()
    with on_bench(step, x) as bench:
        losses = {bench.run(seed=0).loss for _ in range(3)}
    assert len(losses) == 1
    assert losses.pop() == pytest.approx(float(2 * (X @ w).detach().sum()), rel=1e-6)
    assert torch.equal(x, X)


# everything is as it was


class Trains(nn.Module):
    """Changes about all that a step can change."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
        self.optimizer = torch.optim.Adam(self.parameters(), lr=0.1)
        self.register_buffer("average", torch.zeros(3))
        self.calls, self.history, self.cache = 0, [], {}
        self.own = torch.Generator().manual_seed(5)
        self.numpys, self.pythons = np.random.default_rng(5), random.Random(5)

    def forward(self, x):
        self.calls += 1
        self.train(self.calls % 2 == 0)
        hidden = self.body(x)
        self.average.mul_(0.9).add_(hidden.detach().mean(0), alpha=0.1)
        noise = torch.randn(hidden.shape, generator=self.own) + self.numpys.normal() + self.pythons.random()
        loss = (hidden + noise * torch.randn_like(hidden) + np.random.normal() + random.random()).square().sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.history.append(loss.item())
        self.cache[self.calls] = loss.detach()
        return loss


def everything(module, batch):
    state = {name: value.clone() for name, value in module.state_dict().items()}
    adam = {
        f"{k}{name}": torch.as_tensor(value).clone()
        for k, of in module.optimizer.state_dict()["state"].items()
        for name, value in of.items()
    }
    gradients = [None if p.grad is None else p.grad.clone() for p in module.parameters()]
    plain = (
        [m.training for m in module.modules()],
        (module.calls, list(module.history), len(module.cache)),
        torch.get_default_dtype(),
        [p.dtype for p in module.parameters()],
        torch.is_grad_enabled(),
        (module.pythons.getstate(), module.numpys.bit_generator.state),  # beartype draws from `random` itself
        {
            k: v.tolist() if isinstance(v, np.ndarray) else v
            for k, v in np.random.get_state(legacy=False)["state"].items()
        },
    )
    tensors = [
        *state.values(),
        *adam.values(),
        *gradients,
        torch.get_rng_state(),
        module.own.get_state(),
        batch.clone(),
    ]
    return [*state, *adam], tensors, plain


def same(before, after):
    assert before[0] == after[0]
    assert before[2] == after[2]
    for one, other in zip(before[1], after[1], strict=True):
        assert (one is None and other is None) or (one.dtype == other.dtype and torch.equal(one, other))


@pytest.mark.parametrize("trained_before", [False, True])
def test_everything_is_as_it_was(trained_before):
    torch.manual_seed(0)
    module, x = Trains(), X.clone()
    if trained_before:
        module(x)
    before = everything(module, x)
    identities = [id(p) for p in module.parameters()], [p.data_ptr() for p in module.parameters()]
    with on_bench(module, x) as bench:
        assert bench.double
        one, again = (bench.run(bench.moved(0.2, seed=3), seed=3, gradient=True) for _ in range(2))
        assert one.loss == again.loss
        bench.run(seed=4, look=operations, python_goes_on=True)
    same(before, everything(module, x))
    assert identities == ([id(p) for p in module.parameters()], [p.data_ptr() for p in module.parameters()])


def test_everything_is_as_it_was_where_some_run_raises():
    torch.manual_seed(0)
    module, x = Trains(), X.clone()
    before = everything(module, x)

    def step(x):
        loss = module(x)
        if loss.item() > 1e6:
            raise ValueError("too far")
        return loss

    def ask():
        with on_bench(step, x) as bench:
            try:
                bench.run([v + 1e6 for v in bench.start], seed=0)
            finally:
                assert bench.run(seed=0).loss == bench.run(seed=0).loss
                assert torch.get_default_dtype() == torch.float32

    with pytest.raises(UserCodeError, match="too far"):
        ask()
    same(before, everything(module, x))
    assert torch.autograd.backward.__module__ == "torch.autograd"


# double precision


def test_double_precision_is_taken_where_the_code_does_the_same_in_it():
    w = weight(5)
    with on_bench(lambda x: ((x @ w) + torch.randn(4) + torch.zeros(4)).sum(), X) as bench:
        assert bench.double  # what the code makes itself is of the default kind
        assert bench.run(look=lambda recording: recording.returned.dtype).seen == torch.float64
    assert w.dtype == torch.float32


def float_inside(x, w):
    return (x.float() @ w.float()).sum()


def bfloat16_inside(x, w):
    return (x.bfloat16() @ w.bfloat16()).float().sum()


def autocast(x, w):
    with torch.autocast("cpu", torch.bfloat16):
        return (x @ w[:, None]).float().sum()


def made_single(x, w):
    return (x @ torch.ones(5, dtype=torch.float32) * w.sum()).sum()


def other_branch(x, w):
    return (x @ w).sum() if x.dtype == torch.float32 else (x @ w).mean()


def rounded_and_widened(x, w):
    return (x @ w).bfloat16().float().sum()


@pytest.mark.parametrize("code", [float_inside, bfloat16_inside, autocast, rounded_and_widened])
def test_casts_are_left_out_in_double_precision(code):
    w = weight(5)
    with on_bench(lambda x: code(x, w), X) as bench:
        assert bench.double
        assert bench.run().loss == pytest.approx(float((X.double() @ w.detach().double()).sum()), rel=1e-14)
        trained, *_ = bench.run(gradient=True).gradient
        torch.testing.assert_close(trained, X.double().sum(0), rtol=1e-14, atol=1e-14)
    assert code(X, w).dtype == torch.float32


def test_casts_are_not_counted_where_an_output_is_given():
    w = weight(5, 2)

    def code(x):
        with torch.autocast("cpu", torch.bfloat16):
            h = x @ w
        return (h.float() * (x[:, :2] > 0).float()).exp().sum()

    with on_bench(code, X) as bench:
        product, given = bench.names.index("aten.mm.default"), torch.ones(4, 2)
        expected = torch.where(X[:, :2] > 0, given.exp(), torch.ones(4, 2)).sum()
        assert bench.run(do={product: given}).loss == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("code", [made_single, other_branch])
def test_single_precision_is_kept_where_the_code_asks_for_it(code):
    w = weight(5)
    with on_bench(lambda x: code(x, w), X) as bench:
        assert not bench.double
        assert all(v.dtype == torch.float32 for v in bench.start)
        assert bench.batch.dtype == torch.float32
        assert bench.run().loss == float(code(X, w).detach())  # of the code as it is trained
        assert torch.get_default_dtype() == torch.float32


def test_a_mask_in_single_precision_rounds_nothing():
    w = weight(5)
    with on_bench(lambda x: ((x @ w) * (x[:, 0] > 0).float() * torch.randn(4, dtype=torch.float32)).sum(), X) as bench:
        assert bench.double
        assert bench.coarsest == 2**-52


@pytest.mark.parametrize(("kind", "rounding"), [("float", 2**-23), ("bfloat16", 2**-7), ("half", 2**-10)])
def test_the_coarsest_rounding_is_that_of_the_shortest_number(kind, rounding):
    w = weight(5)
    with on_bench(lambda x: getattr(single(x @ w), kind)().float().sum(), X) as bench:
        assert bench.coarsest == rounding


# seeds


def draws_of_torch(own):
    return torch.randn(4)


def draws_of_own_generator(own):
    return torch.randn(4, generator=own["torch"])


def draws_of_numpy(own):
    return torch.from_numpy(np.random.normal(size=4))


def draws_of_numpy_generator(own):
    return torch.from_numpy(own["numpy"].normal(size=4))


def draws_of_numpy_state(own):
    return torch.from_numpy(own["state"].normal(size=4))


def draws_of_python(own):
    return torch.tensor([random.gauss(0, 1) for _ in range(4)])


def draws_of_python_generator(own):
    return torch.tensor([own["python"].gauss(0, 1) for _ in range(4)])


DRAWS = (
    *(draws_of_torch, draws_of_own_generator, draws_of_numpy, draws_of_numpy_generator, draws_of_numpy_state),
    *(draws_of_python, draws_of_python_generator),
)


@pytest.mark.parametrize("draw", DRAWS)
def test_a_seed_is_one_of_all_generators_that_the_step_has(draw):
    own = {
        "torch": torch.Generator(),
        "numpy": np.random.default_rng(),
        "state": np.random.RandomState(3),
        "python": random.Random(),
    }
    w = weight(5)
    with on_bench(lambda x: ((x @ w) * draw(own)).sum(), X) as bench:
        one, other, again = (bench.run(seed=seed).loss for seed in (1, 2, 1))
        assert one == again != other
        first, second = (bench.run(seed=None, python_goes_on=True).loss for _ in range(2))
        assert first != second  # without a seed they go on


def test_dropout_is_the_same_at_a_seed():
    layer = nn.Sequential(nn.Linear(5, 50), nn.Dropout(0.5))
    with on_bench(lambda x: layer(x).square().sum(), X) as bench:
        one, other, again = (bench.run(seed=seed).loss for seed in (1, 2, 1))
    assert one == again != other


# Python's own values


def test_a_counter_is_set_back_each_time_or_goes_on_where_that_is_asked_for():
    w, counter = weight(5), {"calls": 0}

    def step(x):
        counter["calls"] += 1
        return (x @ w).sum() * 0 + counter["calls"]

    with on_bench(step, X) as bench:
        assert [bench.run().loss for _ in range(3)] == [1.0, 1.0, 1.0]
        assert [bench.run(python_goes_on=True).loss for _ in range(3)] == [1.0, 2.0, 3.0]
        assert bench.run().loss == 4.0  # set back after it, not before
        assert bench.run().loss == 1.0
    assert counter == {"calls": 0}


# what is back-propagated: always twice x, summed over rows


def expected():
    return X.double().sum(0)


def gradient_of(step, w, x=X):
    with on_bench(step, x) as bench:
        outcome = bench.run(seed=0, gradient=True)
        (found,) = [g for p, g in zip(bench.parameters, outcome.gradient, strict=True) if p is w]
    return found, outcome.inside


def test_the_gradient_of_what_is_returned():
    w = weight(5)
    found, inside = gradient_of(lambda x: (x @ w).sum(), w)
    assert torch.allclose(found, expected())
    assert not inside
    assert w.grad is None


def test_no_gradient_is_made_unless_it_is_asked_for():
    w = weight(5)
    with on_bench(lambda x: (x @ w).sum(), X) as bench:
        assert bench.run(seed=0).gradient == ()


def test_a_parameter_that_the_loss_has_not_in_it_has_none():
    w, idle = weight(5), weight(5)
    with on_bench(lambda x: (x @ w).sum() + (idle * 0).sum().detach(), X) as bench:
        found = dict(zip(map(id, bench.parameters), bench.run(gradient=True).gradient, strict=True))
    assert found[id(idle)] is None
    assert found[id(w)] is not None


def test_hooks_are_in_the_gradient():
    w = weight(5)

    def step(x):
        y = x @ w
        y.register_hook(lambda g: 0.1 * g)
        return y.sum()

    assert torch.allclose(gradient_of(step, w)[0], 0.1 * expected())


def test_what_hooks_leave_after_it_was_added_is_the_gradient():
    w = weight(5)

    def threefold(p):
        p.grad.mul_(3)

    w.register_post_accumulate_grad_hook(threefold)
    assert torch.allclose(gradient_of(lambda x: (x @ w).sum(), w)[0], 3 * expected())


INSIDE = {}


def inside(factor):
    def keep(function):
        INSIDE[function.__name__] = function, factor
        return function

    return keep


@inside(1)
def backward_inside(w, optimizer, x):
    loss = (x @ w).sum()
    loss.backward()
    return loss


@inside(1)
def two_calls(w, optimizer, x):
    one, other = (x[:2] @ w).sum(), (x[2:] @ w).sum()
    one.backward()
    other.backward()
    return one + other


@inside(1)
def zeroed_before(w, optimizer, x):
    (5 * x @ w).sum().backward()  # of another objective, never stepped with
    optimizer.zero_grad()
    loss = (x @ w).sum()
    loss.backward()
    optimizer.step()
    return loss


@inside(1)
def zeroed_to_zeros_before(w, optimizer, x):
    (5 * x @ w).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    loss = (x @ w).sum()
    loss.backward()
    return loss


@inside(1)
def zeroed_after_the_step(w, optimizer, x):
    loss = (x @ w).sum()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss


@inside(3)
def two_steps(w, optimizer, x):
    for factor in (1, 2):
        optimizer.zero_grad()
        (factor * x @ w).sum().backward()
        optimizer.step()
    return (x @ w).sum()


@inside(4)
def a_scaler(w, optimizer, x):
    loss = (x @ w).sum()
    (4 * loss).backward()
    return loss


@inside(1)
def a_disabled_scaler(w, optimizer, x):
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    loss = (x @ w).sum()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return loss


@inside(-1)
def turned_round(w, optimizer, x):
    loss = (x @ w).sum()
    (-loss).backward()
    return loss


@inside(1)
def retained(w, optimizer, x):
    loss = (x @ w).sum()
    torch.autograd.backward([loss], retain_graph=True)
    return loss


@pytest.mark.parametrize("name", INSIDE)
def test_what_code_back_propagates_itself_is_what_its_optimizer_is_given(name):
    code, factor = INSIDE[name]
    w = weight(5)
    before = w.detach().clone()
    optimizer = torch.optim.SGD([w], lr=0.1)
    found, own = gradient_of(lambda x: code(w, optimizer, x), w)
    assert own
    assert torch.allclose(found, factor * expected())
    assert torch.equal(w, before)
    assert w.grad is None


def test_gradients_that_were_there_before_are_not_counted_and_stay():
    w = weight(5)
    w.grad = torch.full((5,), 7.0)
    found, _ = gradient_of(lambda x: backward_inside(w, None, x), w)
    assert found.dtype == torch.float64  # it adds to what is there in these runs too
    assert torch.allclose(found, expected())
    assert torch.equal(w.grad, torch.full((5,), 7.0))


@pytest.mark.parametrize("set_to_none", [True, False])
def test_an_optimizer_that_steps_inside_of_backward_is_given_the_gradient(set_to_none):
    w = weight(5)
    optimizer = torch.optim.SGD([w], lr=0.1)

    def steps(p):
        optimizer.step()
        optimizer.zero_grad(set_to_none=set_to_none)

    w.register_post_accumulate_grad_hook(steps)
    found, _ = gradient_of(lambda x: (x @ w).sum(), w)
    assert torch.allclose(found, expected())
    found, _ = gradient_of(lambda x: backward_inside(w, optimizer, x), w)
    assert torch.allclose(found, expected())


def test_a_sparse_gradient_is_made_dense():
    table = nn.Embedding(6, 5, sparse=True)
    at = torch.tensor([0, 2, 2])
    found, _ = gradient_of(lambda x: (table(at) * x[:3]).sum(), table.weight)
    by_hand = torch.zeros(6, 5, dtype=torch.float64)
    for row, place in enumerate(at):
        by_hand[place] += X[row].double()
    assert torch.allclose(found, by_hand)


# rows and names


def test_rows_are_those_that_all_tensors_of_a_batch_have():
    assert number_of_rows(X) == 4
    assert number_of_rows({"x": X, "y": torch.zeros(4), "name": "a"}) == 4
    assert number_of_rows((X, torch.zeros(3))) is None
    assert number_of_rows((X, torch.tensor(1.0))) is None
    assert number_of_rows("no tensor") is None


def test_operations_are_counted_without_detach():
    made = Small().made()

    def step(x):
        return made.step(x.detach()).detach() * 1

    with on_bench(step, made.batch) as bench:
        names = bench.run(look=operations).seen
    assert names == (*made.account.operations, "aten.mul.Tensor")
