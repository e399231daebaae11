"""Steps that change modules, optimizers, and what belongs to them."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune

from .base import CASES, SGD, B, Case, D, Net, all_weights, case, changing, optimised, parts

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
    "copied_into": lambda net: all_weights(net, lambda p: p.copy_(torch.ones_like(p))),
    "clamped_weights": lambda net: all_weights(net, lambda p: p.clamp_(-0.01, 0.01)),
    "written_through_a_view": lambda net: all_weights(net, lambda p: p.view(-1)[:1].fill_(9)),
    "written_by_numpy": lambda net: all_weights(net, _through_numpy),
    "foreach_written": lambda net: all_weights(net, lambda p: torch._foreach_add_([p], 1.0)),
    "indexed_write": lambda net: all_weights(net, lambda p: p.index_fill_(0, torch.tensor([0]), 7.0)),
    "out_argument": lambda net: all_weights(net, lambda p: torch.mul(p, 2, out=p)),
    "initialised_anew": lambda net: net.apply(
        lambda m: m.reset_parameters() if hasattr(m, "reset_parameters") else None
    ),
    "state_loaded": lambda net: net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()}),
    "to_double_and_back": lambda net: net.double().float(),
    "pruned": lambda net: prune.l1_unstructured(net.decoder[0], "weight", 0.5),
    "parametrised": lambda net: parametrizations.weight_norm(net.decoder[0]),
    "storage_filled": lambda net: net.decoder[0].weight.untyped_storage().fill_(0),
    "swapped_storage": lambda net: all_weights(net, lambda p: p.set_(torch.ones_like(p))),
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
