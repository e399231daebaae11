"""Steps whose model is held in other ways, and steps that change what is not a module."""

import functools
import threading
import types
from collections import OrderedDict, defaultdict, deque
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .base import SGD, Case, D, Net, all_weights, case, parts, trains


def _with_optimiser() -> tuple[Net, torch.optim.Optimizer, Tensor]:
    net, x = parts()
    return net, SGD(net.parameters()), x


GLOBAL: dict[str, Any] = {}
NET: Any = None


@case
def in_a_global_dict():
    net, opt, x = _with_optimiser()
    GLOBAL.update(net=net, opt=opt)
    return Case(lambda x: trains(GLOBAL["net"], GLOBAL["opt"], x), x, (net, opt))


@case
def in_a_global():
    global NET
    net, opt, x = _with_optimiser()
    NET = types.SimpleNamespace(net=net, opt=opt)

    def step(x):
        return trains(NET.net, NET.opt, x)

    return Case(step, x, (net, opt))


@case
def looked_up_by_name():
    global NET
    net, opt, x = _with_optimiser()
    NET = types.SimpleNamespace(net=net, opt=opt)

    def step(x):
        found = globals()["N" + "ET"]
        found.opt.zero_grad(set_to_none=False)
        return trains(found.net, found.opt, x)

    return Case(step, x, (net.decoder,))


@case
def bound_method():
    net, opt, x = _with_optimiser()

    class Trainer:
        def __init__(self):
            self.net, self.opt, self.losses = net, opt, deque(maxlen=3)

        def step(self, x):
            loss = trains(self.net, self.opt, x)
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
            return trains(self.net, self.opt, x)

    trainer = Trainer()
    trainer.net, trainer.opt = net, opt
    return Case(trainer, x, (net, opt))


@case
def partial_arguments():
    net, opt, x = _with_optimiser()
    return Case(functools.partial(trains, net, opt), x, (net, opt))


@case
def default_arguments():
    net, opt, x = _with_optimiser()

    def step(x, net=net, *, opt=opt):
        return trains(net, opt, x)

    return Case(step, x, (net, opt))


@case
def in_containers():
    net, opt, x = _with_optimiser()
    kept = OrderedDict(a=[(net,)], b=defaultdict(list, {"opt": [opt]}))
    return Case(lambda x: trains(kept["a"][0][0], kept["b"]["opt"][0], x), x, (net, opt))


@case
def class_attribute():
    net, opt, x = _with_optimiser()

    class Holder:
        made = net
        opt_of = opt

        @classmethod
        def step(cls, x):
            return trains(cls.made, cls.opt_of, x)

    return Case(Holder.step, x, (net, opt))


@case
def cached_maker():
    net, opt, x = _with_optimiser()

    @functools.cache
    def made():
        return net, opt

    made()
    return Case(lambda x: trains(*made(), x), x, (net, opt))


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
        return trains(net, opt, x)

    return Case(step, x, (net, opt))


@case
def nested_function():
    net, opt, x = _with_optimiser()

    def step(x):
        def inner():
            return [trains(net, opt, x) for _ in range(2)][-1]

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
        thread = threading.Thread(target=lambda: all_weights(net, lambda p: p.add_(1)))
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
        trains(net, opt, x)
        raise KeyError("in the middle")

    return Case(step, x, (net, opt), Exception)


@case
def interrupted():
    net, opt, x = _with_optimiser()

    def step(x):
        net.eval()
        trains(net, opt, x)
        raise KeyboardInterrupt

    return Case(step, x, (net, opt), KeyboardInterrupt)


@case
def leaves_the_interpreter():
    net, opt, x = _with_optimiser()

    def step(x):
        trains(net, opt, x)
        raise SystemExit(3)

    return Case(step, x, (net, opt), BaseException)
