"""Steps that change something that outlives them, each with what must be as it was after an audit.

`KEPT_AT_FIRST` names those that the audit of version 0.2.0 left as they were.
"""

import copy
import functools
import random
import threading
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, rnn

CASES: dict[str, Callable[[], "Case"]] = {}
B, D, L = 6, 5, 2


@dataclass
class Case:
    """A step, its batch, and objects that an audit must leave as they were."""

    step: Callable[[Any], Any]
    batch: Any
    watched: tuple[Any, ...]
    raised: type[BaseException] | None = None


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    CASES[make.__name__] = make
    return make


class Net(nn.Module):
    """A small VAE with all that is commonly kept in a module."""

    def __init__(self, norm: type[nn.Module] = nn.Identity) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(D, 8), norm(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2 * L))
        self.decoder = nn.Sequential(nn.Linear(L, 8), nn.Tanh(), nn.Linear(8, D))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self.step = 0
        self.seen: list[Any] = []

    def forward(self, x: Tensor) -> Tensor:
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1)
        return (((self.decoder(z) - x) ** 2).sum(1) / 2 + kl).mean()


def parts(grads: bool = True, norm: type[nn.Module] = nn.Identity) -> tuple[Net, Tensor]:
    torch.manual_seed(0)
    net, x = Net(norm), torch.randn(B, D)
    if grads:
        net(x).backward()
    return net, x


def changing(change: Callable[..., Any], *, grads: bool = True) -> Callable[[], Case]:
    """A case whose step makes this change to the net, then gives its loss."""

    def make() -> Case:
        net, x = parts(grads)

        def step(x):
            change(net)
            return net(x)

        return Case(step, x, (net,))

    return make


def optimised(optimizer: Callable[..., torch.optim.Optimizer], *, warm: bool = True) -> Callable[[], Case]:
    def make() -> Case:
        net, x = parts()
        opt = optimizer(net.parameters())
        if warm:
            opt.step()

        def step(x):
            opt.zero_grad()
            loss = net(x)
            loss.backward()
            opt.step()
            return loss

        return Case(step, x, (net, opt))

    return make


SGD = functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9)
for name, made in {
    "sgd": functools.partial(torch.optim.SGD, lr=0.1),
    "sgd_momentum": SGD,
    "adam": functools.partial(torch.optim.Adam, lr=0.1),
    "adam_foreach": functools.partial(torch.optim.Adam, lr=0.1, foreach=True),
    "adam_fused": functools.partial(torch.optim.Adam, lr=0.1, fused=True),
    "adamw_amsgrad": functools.partial(torch.optim.AdamW, lr=0.1, amsgrad=True),
    "rmsprop": functools.partial(torch.optim.RMSprop, lr=0.1, centered=True),
    "adagrad": functools.partial(torch.optim.Adagrad, lr=0.1),
}.items():
    CASES[name] = optimised(made)
CASES["adam_not_yet_stepped"] = optimised(functools.partial(torch.optim.Adam, lr=0.1), warm=False)


@case
def lbfgs_closure():
    net, x = parts()
    opt = torch.optim.LBFGS(net.parameters(), max_iter=2)

    def step(x):
        def closure():
            opt.zero_grad()
            loss = net(x)
            loss.backward()
            return loss

        return opt.step(closure)

    return Case(step, x, (net, opt))


def _all(net: Net, do: Callable[[Tensor], Any]) -> None:
    with torch.no_grad():
        for p in net.parameters():
            do(p)


def _through_numpy(p: Tensor) -> None:
    p.numpy()[...] += 1


def _replace_weight(net: Net) -> None:
    net.decoder[0].weight = nn.Parameter(net.decoder[0].weight.detach() + 1)


def _in_the_backward(net: Net) -> None:
    net.decoder[0].weight.register_hook(lambda g: 2 * g)


CHANGES: dict[str, Callable[[Net], Any]] = {
    "nothing": lambda net: None,
    "zero_grad_to_none": lambda net: net.zero_grad(),
    "zero_grad_to_zeros": lambda net: net.zero_grad(set_to_none=False),
    "another_gradient": lambda net: [setattr(p, "grad", torch.ones_like(p)) for p in net.parameters()],
    "gradient_in_place": lambda net: [p.grad.mul_(2) for p in net.parameters()],
    "clipped_gradient": lambda net: nn.utils.clip_grad_norm_(net.parameters(), 1e-3),
    "eval_mode": lambda net: net.eval(),
    "eval_of_a_part": lambda net: net.encoder[3].eval(),
    "training_flag_by_hand": lambda net: setattr(net, "training", False),
    "frozen_parameters": lambda net: net.requires_grad_(False),
    "frozen_one_parameter": lambda net: net.encoder[0].bias.requires_grad_(False),
    "forward_hook": lambda net: net.register_forward_hook(lambda *_: None),
    "forward_pre_hook": lambda net: net.decoder.register_forward_pre_hook(lambda *_: None),
    "full_backward_hook": lambda net: net.decoder.register_full_backward_hook(lambda *_: None),
    "state_dict_hook": lambda net: net.register_state_dict_post_hook(lambda *_: None),
    "tensor_hook": _in_the_backward,
    "post_accumulate_hook": lambda net: net.decoder[0].weight.register_post_accumulate_grad_hook(lambda p: None),
    "added_parameter": lambda net: setattr(net, "more", nn.Parameter(torch.ones(3))),
    "added_buffer": lambda net: net.register_buffer("more", torch.ones(3), persistent=False),
    "added_module": lambda net: net.add_module("more", nn.Linear(2, 2)),
    "removed_parameter": lambda net: net.encoder[0].register_parameter("bias", None),
    "replaced_parameter": _replace_weight,
    "replaced_buffer": lambda net: setattr(net, "count", net.count + 1),
    "counting_buffer": lambda net: net.count.add_(1),
    "counting_attribute": lambda net: setattr(net, "step", net.step + 1),
    "list_attribute": lambda net: net.seen.append(1),
    "data_written": lambda net: [p.data.add_(1) for p in net.parameters()],
    "data_replaced": lambda net: [setattr(p, "data", p.data + 1) for p in net.parameters()],
    "detached_written": lambda net: [p.detach().mul_(2) for p in net.parameters()],
    "copied_into": lambda net: _all(net, lambda p: p.copy_(torch.ones_like(p))),
    "clamped_weights": lambda net: _all(net, lambda p: p.clamp_(-0.01, 0.01)),
    "written_through_a_view": lambda net: _all(net, lambda p: p.view(-1)[:1].fill_(9)),
    "written_by_numpy": lambda net: _all(net, _through_numpy),
    "foreach_written": lambda net: _all(net, lambda p: torch._foreach_add_([p], 1.0)),
    "indexed_write": lambda net: _all(net, lambda p: p.index_fill_(0, torch.tensor([0]), 7.0)),
    "out_argument": lambda net: _all(net, lambda p: torch.mul(p, 2, out=p)),
    "initialised_anew": lambda net: net.apply(
        lambda m: m.reset_parameters() if hasattr(m, "reset_parameters") else None
    ),
    "state_loaded": lambda net: net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()}),
    "to_double_and_back": lambda net: net.double().float(),
    "pruned": lambda net: prune.l1_unstructured(net.decoder[0], "weight", 0.5),
    "parametrised": lambda net: parametrizations.weight_norm(net.decoder[0]),
    "storage_filled": lambda net: net.decoder[0].weight.untyped_storage().fill_(0),
    "swapped_storage": lambda net: _all(net, lambda p: p.set_(torch.ones_like(p))),
    "shared_memory": lambda net: net.share_memory(),
    "attribute_of_a_parameter": lambda net: setattr(net.decoder[0].weight, "seen", True),
    "deleted_module": lambda net: delattr(net.encoder, "3"),
}
CASES |= {name: changing(change) for name, change in CHANGES.items()}
CASES["batch_norm"] = lambda: Case((net := parts(norm=nn.BatchNorm1d)[0]), torch.randn(B, D), (net,))
CASES["first_gradients"] = changing(lambda net: net(torch.ones(B, D)).backward(), grads=False)
CASES["accumulated_gradients"] = changing(lambda net: net(torch.ones(B, D)).backward())


@case
def resized():
    net, x = parts()
    extra = torch.zeros(3)

    def step(x):
        extra.resize_(7).fill_(3.0)
        return net(x)

    return Case(step, x, (net, extra))


@case
def evaluation_norm():
    net, x = parts(norm=nn.BatchNorm1d)
    net.eval()

    def step(x):
        net.train()
        return net(x)

    return Case(step, x, (net,))


@case
def schedulers():
    net, x = parts()
    opt = SGD(net.parameters())
    opt.step()
    one = torch.optim.lr_scheduler.StepLR(opt, 1)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)

    def step(x):
        loss = net(x)
        one.step()
        other.step(loss.item())
        return loss

    return Case(step, x, (net, opt, one, other))


@case
def parameter_groups():
    net, x = parts()
    opt = SGD(net.parameters())

    def step(x):
        opt.param_groups[0]["lr"] *= 0.5
        opt.add_param_group({"params": [torch.zeros(2, requires_grad=True)]})
        return net(x)

    return Case(step, x, (net, opt))


@case
def loss_scaling():
    net, x = parts()
    opt = SGD(net.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=1)

    def step(x):
        opt.zero_grad()
        loss = net(x)
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        return loss

    return Case(step, x, (net, opt, scaler))


@case
def averaged_model():
    net, x = parts(norm=nn.BatchNorm1d)
    average = torch.optim.swa_utils.AveragedModel(net, use_buffers=True)
    average.update_parameters(net)

    def step(x):
        loss = net(x)
        average.update_parameters(net)
        return loss

    return Case(step, x, (net, average))


@case
def averages_by_hand():
    net, x = parts()
    shadow = [2 * p.detach() for p in net.parameters()]

    def step(x):
        with torch.no_grad():
            for s, p in zip(shadow, net.parameters(), strict=True):
                s.mul_(0.9).add_(p, alpha=0.1)
        return net(x)

    return Case(step, x, (net, shadow))


@case
def codebook():
    net, x = parts()
    net.register_buffer("codes", torch.randn(4, D))
    net.register_buffer("sizes", torch.ones(4))

    def step(x):
        with torch.no_grad():
            nearest = torch.cdist(x, net.codes).argmin(1)
            net.sizes.mul_(0.9).index_add_(0, nearest, torch.ones(len(x)), alpha=0.1)
            net.codes[nearest] = 0.9 * net.codes[nearest] + 0.1 * x
        return net(x)

    return Case(step, x, (net,))


def _normed(norm: Callable[[nn.Module], Any]) -> Callable[[], Case]:
    def make() -> Case:
        net, x = parts(grads=False)
        norm(net.decoder[0])
        opt = SGD(net.parameters())

        def step(x):
            loss = net(x)
            loss.backward()
            opt.step()
            return loss

        return Case(step, x, (net, opt))

    return make


CASES["weight_norm"] = _normed(parametrizations.weight_norm)
CASES["spectral_norm"] = _normed(parametrizations.spectral_norm)
CASES["older_spectral_norm"] = _normed(nn.utils.spectral_norm)


@case
def spectral_norm_alone():
    net, x = parts()
    parametrizations.spectral_norm(net.decoder[0])
    return Case(net, x, (net,))


@case
def lazy_layers():
    torch.manual_seed(0)
    net, x = parts()
    lazy = nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d())

    def step(x):
        return net(x) + lazy(x).sum()

    return Case(step, x, (net, lazy))


@case
def tied_weights():
    net, x = parts()
    net.other = nn.Linear(8, D)
    net.other.weight = net.decoder[2].weight
    opt = SGD(net.parameters())

    def step(x):
        loss = net(x)
        loss.backward()
        opt.step()
        return loss

    return Case(step, x, (net, opt))


def _trains(net: Net, opt: torch.optim.Optimizer, x: Tensor) -> Tensor:
    opt.zero_grad()
    loss = net(x)
    loss.backward()
    opt.step()
    return loss


def _with_optimiser() -> tuple[Net, torch.optim.Optimizer, Tensor]:
    net, x = parts()
    return net, SGD(net.parameters()), x


GLOBAL: dict[str, Any] = {}
NET: Any = None


@case
def in_a_global_dict():
    net, opt, x = _with_optimiser()
    GLOBAL.update(net=net, opt=opt)
    return Case(lambda x: _trains(GLOBAL["net"], GLOBAL["opt"], x), x, (net, opt))


@case
def in_a_global():
    global NET
    net, opt, x = _with_optimiser()
    NET = types.SimpleNamespace(net=net, opt=opt)

    def step(x):
        return _trains(NET.net, NET.opt, x)

    return Case(step, x, (net, opt))


@case
def looked_up_by_name():
    global NET
    net, opt, x = _with_optimiser()
    NET = types.SimpleNamespace(net=net, opt=opt)

    def step(x):
        found = globals()["N" + "ET"]
        found.opt.zero_grad(set_to_none=False)
        return _trains(found.net, found.opt, x)

    return Case(step, x, (net.decoder,))


@case
def bound_method():
    net, opt, x = _with_optimiser()

    class Trainer:
        def __init__(self):
            self.net, self.opt, self.losses = net, opt, deque(maxlen=3)

        def step(self, x):
            loss = _trains(self.net, self.opt, x)
            self.losses.append(loss.item())
            return loss

    trainer = Trainer()
    return Case(trainer.step, x, (net, opt))


@case
def callable_with_slots():
    net, opt, x = _with_optimiser()

    class Trainer:
        __slots__ = ("net", "opt")

        def __call__(self, x):
            return _trains(self.net, self.opt, x)

    trainer = Trainer()
    trainer.net, trainer.opt = net, opt
    return Case(trainer, x, (net, opt))


@case
def partial_arguments():
    net, opt, x = _with_optimiser()
    return Case(functools.partial(_trains, net, opt), x, (net, opt))


@case
def default_arguments():
    net, opt, x = _with_optimiser()

    def step(x, net=net, *, opt=opt):
        return _trains(net, opt, x)

    return Case(step, x, (net, opt))


@case
def in_containers():
    net, opt, x = _with_optimiser()
    kept = OrderedDict(a=[(net,)], b=defaultdict(list, {"opt": [opt]}))
    return Case(lambda x: _trains(kept["a"][0][0], kept["b"]["opt"][0], x), x, (net, opt))


@case
def class_attribute():
    net, opt, x = _with_optimiser()

    class Holder:
        made = net
        opt_of = opt

        @classmethod
        def step(cls, x):
            return _trains(cls.made, cls.opt_of, x)

    return Case(Holder.step, x, (net, opt))


@case
def cached_maker():
    net, opt, x = _with_optimiser()

    @functools.cache
    def made():
        return net, opt

    made()
    return Case(lambda x: _trains(*made(), x), x, (net, opt))


@case
def wrapped_function():
    net, opt, x = _with_optimiser()

    def decorated(function):
        @functools.wraps(function)
        def inner(*args):
            return function(*args)

        return inner

    @decorated
    def step(x):
        return _trains(net, opt, x)

    return Case(step, x, (net, opt))


@case
def nested_function():
    net, opt, x = _with_optimiser()

    def step(x):
        def inner():
            return [_trains(net, opt, x) for _ in range(2)][-1]

        return inner()

    return Case(step, x, (net, opt))


@case
def compiled_by_jit():
    net, x = parts()
    scripted = torch.jit.script(nn.Sequential(nn.Linear(D, 3), nn.BatchNorm1d(3)))

    def step(x):
        return net(x) + scripted(x).sum()

    return Case(step, x, (net, *scripted.state_dict().values()))


@case
def in_another_thread():
    net, opt, x = _with_optimiser()

    def step(x):
        thread = threading.Thread(target=lambda: _all(net, lambda p: p.add_(1)))
        thread.start()
        thread.join()
        return net(x)

    return Case(step, x, (net, opt))


@case
def numpy_view_made_before():
    net, x = parts()
    view = net.decoder[0].weight.detach().numpy()

    def step(x):
        view[...] = view + 1
        return net(x)

    return Case(step, x, (net, view))


@case
def numpy_statistics():
    net, x = parts()
    mean = np.zeros(D)

    def step(x):
        mean[:] = 0.9 * mean + 0.1 * x.mean(0).numpy()
        return net(x)

    return Case(step, x, (net, mean))


@case
def rebound_tensor():
    net, x = parts()
    ema = torch.zeros(())

    def step(x):
        nonlocal ema
        ema = 0.9 * ema + 0.1 * x.mean()
        return net(x)

    def seen():
        return ema

    return Case(step, x, (net, seen))


@case
def history_of_losses():
    net, x = parts()
    history: list[Tensor] = [torch.zeros(())]

    def step(x):
        history.append(net(x).detach())
        history[0].add_(1)
        return net(x)

    return Case(step, x, (net, history))


@case
def sparse_gradients():
    net, x = parts()
    table = nn.Embedding(4, 3, sparse=True)
    opt = torch.optim.SparseAdam(table.parameters(), lr=0.1)
    table(torch.tensor([0, 1])).sum().backward()
    opt.step()

    def step(x):
        loss = net(x) + table(torch.tensor([0, 2])).sum()
        loss.backward()
        opt.step()
        return loss

    return Case(step, x, (net, table, opt))


@case
def raises_in_the_middle():
    net, opt, x = _with_optimiser()

    def step(x):
        net.eval()
        _trains(net, opt, x)
        raise KeyError("in the middle")

    return Case(step, x, (net, opt), Exception)


@case
def interrupted():
    net, opt, x = _with_optimiser()

    def step(x):
        net.eval()
        _trains(net, opt, x)
        raise KeyboardInterrupt

    return Case(step, x, (net, opt), KeyboardInterrupt)


@case
def leaves_the_interpreter():
    net, opt, x = _with_optimiser()

    def step(x):
        _trains(net, opt, x)
        raise SystemExit(3)

    return Case(step, x, (net, opt), BaseException)


def of_batch(change: Callable[[Any], Tensor], batch: Callable[[], Any]) -> Callable[[], Case]:
    """A case whose step changes its batch; `change` gives the tensor."""

    def make() -> Case:
        net, _ = parts()
        given = batch()
        return Case(lambda got: net(change(got)), given, (net, given))

    return make


@dataclass
class Rows:
    x: Tensor
    seen: int = 0


def _x() -> Tensor:
    return torch.randn(B, D)


def _next_of(rows: Rows) -> Tensor:
    rows.seen += 1
    rows.x = rows.x * 2
    return rows.x.add_(1)


def _with_gradient(x: Tensor) -> Tensor:
    x.requires_grad_()
    (x**2).sum().backward()
    return x


BATCHES: dict[str, tuple[Callable[[Any], Tensor], Callable[[], Any]]] = {
    "batch_in_place": (lambda x: x.mul_(0.5), _x),
    "batch_normalised": (lambda x: x.sub_(x.mean(0)).div_(x.std(0)), _x),
    "batch_rows": (lambda x: x.index_fill_(1, torch.tensor([0]), 0.0), _x),
    "batch_needs_gradient": (_with_gradient, _x),
    "batch_popped": (lambda b: b.pop("x"), lambda: {"x": _x(), "y": torch.zeros(B)}),
    "batch_popped_deeply": (lambda b: b["in"].pop("x"), lambda: {"in": {"x": _x(), "y": torch.zeros(B)}, "n": 3}),
    "batch_key_added": (lambda b: b.setdefault("w", b["x"] + 1), lambda: {"x": _x()}),
    "batch_list_popped": (lambda b: b.pop(0), lambda: [_x(), torch.zeros(B)]),
    "batch_list_set": (lambda b: b.__setitem__(0, b[0] + 1) or b[0], lambda: [_x(), torch.zeros(B)]),
    "batch_object": (_next_of, lambda: Rows(_x())),
    "batch_namespace": (lambda b: vars(b).pop("x"), lambda: types.SimpleNamespace(x=_x())),
    "batch_numpy": (lambda b: torch.from_numpy(np.multiply(b, 2, out=b)), lambda: np.ones((B, D), np.float32)),
    "batch_packed": (lambda b: b.data.mul_(2), lambda: rnn.pack_sequence([torch.randn(B, D)])),
    "batch_data_swapped": (lambda x: (setattr(x, "data", x.data[:, torch.randperm(D)]), x)[1], _x),
}
CASES |= {name: of_batch(*made) for name, made in BATCHES.items()}


# Random numbers: each leaves its generator elsewhere than it was.
PYTHONS, NUMPYS, TORCHS = random.Random(3), np.random.default_rng(3), torch.Generator().manual_seed(3)
OLDER_NUMPYS = np.random.RandomState(3)
DRAWS: dict[str, Callable[[], Any]] = {
    "torch_seed": lambda: torch.manual_seed(5),
    "torch_draw": lambda: torch.randn(3),
    "python_seed": lambda: random.seed(5),
    "python_draw": lambda: random.random(),
    "numpy_seed": lambda: np.random.seed(5),
    "numpy_draw": lambda: np.random.rand(3),
    "own_python_generator": lambda: PYTHONS.random(),
    "own_numpy_generator": lambda: NUMPYS.random(),
    "own_older_numpy_generator": lambda: OLDER_NUMPYS.rand(3),
    "own_torch_generator": lambda: torch.randn(3, generator=TORCHS),
    "own_torch_generator_seeded": lambda: TORCHS.manual_seed(7),
    "torch_state_set": lambda: torch.set_rng_state(torch.Generator().manual_seed(9).get_state()),
}
# Switches of the process.
SWITCHES: dict[str, Callable[[], Any]] = {
    "default_dtype": lambda: torch.set_default_dtype(torch.float64),
    "default_device": lambda: torch.set_default_device("cpu"),
    "deterministic_algorithms": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "anomaly_mode": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "gradients_off": lambda: torch.set_grad_enabled(False),
    "autocast_on": lambda: torch.set_autocast_enabled("cpu", True),
    "autocast_type": lambda: torch.set_autocast_dtype("cpu", torch.float16),
    "matmul_precision": lambda: torch.set_float32_matmul_precision("medium"),
    "cudnn_benchmark": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cudnn_deterministic": lambda: setattr(torch.backends.cudnn, "deterministic", True),
    "mkldnn_off": lambda: torch._C._set_mkldnn_enabled(False),
    "flush_denormal": lambda: torch.set_flush_denormal(True),
    "distribution_checks": lambda: torch.distributions.Distribution.set_default_validate_args(False),
    "threads": lambda: torch.set_num_threads(2),
    "multithreaded_backward": lambda: torch.autograd.set_multithreading_enabled(False),
    "print_options": lambda: torch.set_printoptions(precision=7),
    "numpy_errors": lambda: np.seterr(all="ignore"),
    "inference_mode_left_on": lambda: torch.inference_mode(True).__enter__(),
}


def of_process(change: Callable[[], Any]) -> Callable[[], Case]:
    def make() -> Case:
        net, x = parts()

        def step(x):
            loss = net(x.to(net.decoder[0].weight.dtype))
            change()
            return loss

        return Case(step, x, (net, TORCHS, NUMPYS, PYTHONS, OLDER_NUMPYS))

    return make


CASES |= {name: of_process(change) for name, change in {**DRAWS, **SWITCHES}.items()}


def contents(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """A value as plain data: which objects they are, where their numbers lie, and what these are."""
    seen = {} if seen is None else seen
    if isinstance(value, str | int | float | bool | bytes | type(None)):
        return value
    if id(value) in seen:
        return ("again", id(value))
    seen[id(value)] = value
    return (id(value), type(value).__name__, _contents(value, lambda v: contents(v, seen)))


def _contents(value: Any, of: Callable[[Any], Any]) -> Any:
    if isinstance(value, nn.parameter.UninitializedTensorMixin):
        return "not made yet"
    if isinstance(value, Tensor):
        hooks = len(value._backward_hooks or ()), len(getattr(value, "_post_accumulate_grad_hooks", None) or ())
        dense = value.layout == torch.strided
        where = (value.data_ptr(), value.stride(), value._version) if dense else ()
        numbers = value.detach().to_dense().clone().numpy().tobytes()
        grad = value.grad if value.is_leaf else None
        own = {k: v for k, v in vars(value).items() if not k.startswith("_")}
        return (
            tuple(value.shape),
            value.dtype,
            where,
            numbers,
            value.requires_grad,
            hooks,
            of(grad),
            [(k, of(v)) for k, v in own.items()],
        )
    if isinstance(value, torch.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state())
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, dict):
        return [(str(k) if not isinstance(k, Tensor) else id(k), of(v)) for k, v in value.items()]
    if isinstance(value, list | tuple | deque):
        return [of(v) for v in value]
    if isinstance(value, types.FunctionType):
        return [of(cell.cell_contents) for cell in value.__closure__ or ()]
    if isinstance(value, nn.Module | torch.optim.Optimizer | torch.optim.lr_scheduler.LRScheduler) or hasattr(
        value, "__dict__"
    ):
        return [(k, of(v)) for k, v in vars(value).items() if not callable(v) or isinstance(v, nn.Module)]
    return repr(value)


def process() -> dict[str, Any]:
    """What belongs to the whole process."""
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "python": random.getstate(),
        "numpy": repr(np.random.get_state()),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "device set": torch.utils._device.CURRENT_DEVICE,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "anomaly": (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "precision": torch.get_float32_matmul_precision(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "mkldnn": torch._C._get_mkldnn_enabled(),
        "denormal": bool(torch.tensor([1e-310], dtype=torch.float64).mul(1.0).item()),
        "checks": torch.distributions.Distribution._validate_args,
        "threads": torch.get_num_threads(),
        "multithreading": torch.autograd.grad_mode._is_multithreading_enabled()
        if hasattr(torch.autograd.grad_mode, "_is_multithreading_enabled")
        else torch._C._is_multithreading_enabled(),
        "printing": copy.copy(vars(torch._tensor_str.PRINT_OPTS)),
        "numpy errors": np.geterr(),
    }


KEPT_AT_FIRST = frozenset(
    {"nothing", "torch_seed", "torch_draw", "torch_state_set", "gradients_off", "inference_mode_left_on"}
)
"""What 0.2.0 left as it was, when these were written; it changed all the others."""
