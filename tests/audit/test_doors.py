"""Whatever is audited: an answer, or an error that says what the user should mend. Never another exception."""

import pytest
import torch

from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler, pipeline
from vaelid.spec.errors import InputError, InternalError, UserCodeError

from .odd_calls import batches, doors, wrong_calls
from .odd_functions import ODD, programs

torch.set_num_threads(1)
NOT_ENDED = {"deep_sum", "deep_square", "higher_power", "loop_of_many_coordinates"}
"""They take minutes: the command's time limit ends them."""
QUICK = {
    *("nan_number", "minus_inf_clamp", "nan_leaf", "own_backward_that_raises", "sparse", "sparse_rows"),
    *("quantised_loss", "meta", "returns_parameter", "raises_silently", "raises_exit", "raises_base"),
    *("complex_loss", "coroutine_not_awaited"),
}


def answered(call):
    """The verdict, or the error that is the user's."""
    try:
        return call().verdict
    except (InputError, UserCodeError) as error:
        return type(error).__name__ if str(error) else "no message"


@pytest.mark.every(3)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("door", ["step", "loss", "kl", "sampler"])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in ODD if n not in NOT_ENDED]
)
def test_an_odd_function_is_answered(name, door):
    assert answered(doors(ODD[name])[door]) in ("PROVED", "REFUTED", "UNKNOWN", "OTHER", "InputError", "UserCodeError")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_programs_at_random_odd_batches_and_wrong_calls_are_answered():
    calls = [call for _, odd in programs(40) for call in doors(odd).values()]
    calls += [call for _, call in batches()] + list(wrong_calls().values())
    for call in calls:
        answered(call)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("batch", ["sparse", "own_dict", "meta", "quantised", "empty", "same_names"])
def test_an_odd_batch_is_answered(batch):
    answered(dict(batches())[batch])


def test_what_cannot_be_read_is_unknown_with_its_line():
    found = audit_kl(lambda mu, logvar: (mu**2).sum() + float("nan"))
    assert found.verdict == "UNKNOWN"
    assert "the number nan" in found.reason
    assert found.source is not None
    assert __file__ in found.source


def test_what_the_inputs_raise_is_the_users():
    with pytest.raises(UserCodeError, match="raised ZeroDivisionError: division by zero"):
        audit_loss(lambda x_hat, x, mu, logvar: mu.sum(), inputs=lambda: 1 / 0)


@pytest.mark.parametrize("error", [KeyError("gone"), TypeError("no"), AssertionError()])
def test_a_defect_of_vaelids_is_said_to_be_one(monkeypatch, error):
    def broken(*_args, **_options):
        raise error

    monkeypatch.setattr(pipeline, "verdict", broken)
    monkeypatch.setattr("vaelid.auditor.pipeline.read_calls", broken)
    x = torch.rand(4, 3)
    for call in (lambda: audit(lambda x: (x**2).sum(), x), lambda: audit_sampler(lambda mu, logvar: mu)):
        with pytest.raises(InternalError, match=r"vaelid itself failed, .*please report it") as raised:
            call()
        assert raised.value.__cause__ is error


def test_too_deep_is_unknown(monkeypatch):
    def deep(*_args, **_options):
        raise RecursionError

    monkeypatch.setattr("vaelid.auditor.pipeline.read_calls", deep)
    found = audit_sampler(lambda mu, logvar: mu)
    assert (found.verdict, found.reason) == ("UNKNOWN", "its formula is nested too deeply to be read.")


@pytest.mark.parametrize("of", ["coordinates", "rows"])
@pytest.mark.slow
def test_a_kl_summed_by_a_loop_over_128_is_answered(of):
    def loss(x_hat, x, mu, logvar):
        total = ((x_hat - x) ** 2).sum() / 2
        for k in range(128):
            one = (slice(None), k) if of == "coordinates" else (k,)
            total = total + 0.5 * (mu[one] ** 2 + logvar[one].exp() - 1 - logvar[one]).sum()
        return total

    shape = (4, 128) if of == "coordinates" else (128, 3)

    def inputs():
        return torch.rand(4, 7), torch.rand(4, 7), torch.randn(shape), torch.randn(shape)

    assert audit_loss(loss, inputs=inputs).verdict in ("PROVED", "UNKNOWN")


class _Nameless(type):
    @property
    def __name__(cls):
        return 1 / 0


class _Odd(Exception, metaclass=_Nameless):
    def __str__(self):
        raise SystemExit(3)


def test_an_error_without_a_name_or_a_text_is_the_users():
    def kl(mu, logvar):
        raise _Odd

    with pytest.raises(UserCodeError, match=r"the audited function raised _Odd$"):
        audit_kl(kl)
