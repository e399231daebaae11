"""Where the lines of a step stand: in a function, a module, a trainer; and how it goes back."""

import re

from .draft import AXES, Choice, Draft

# What cannot stand inside a function of one row, without a batch axis.
ROWLESS = {
    "head": ("convolutional", "recurrent"),
    "spread": ("cholesky",),
    "sampler": ("rsample", "independent_rsample", "loop_over_latents", "loop_over_draws", "draws_at_once",
                "rsample_draws_at_once", "lerp", "torch_normal"),
    "prior": ("levels",),
    "kl": ("library", "library_of_rows", "one_draw", "cross_entropy_minus_entropy", "sticking_the_landing"),
    "mask": ("picked", "where", "masked_fill"),
    "weight": ("by_sizes",),
}  # fmt: skip


def _named(draft: Draft) -> None:
    """A frame is written last, by `frame`: as a choice it has a name only."""


FRAMES = (
    "function",
    "module",
    "lightning",
    "output_dataclass",
    "output_dictionary",
    "goes_back",
    "goes_back_apart",
    "compiled",
    "autocast",
    "vmapped",
    "scripted",
    "accumulated",
    "data_parallel",
    "functional_call",
)
AXES["frame"] = {name: Choice("frame", name, _named) for name in FRAMES}


def allowed(names, axis: str, value: str, single: bool) -> bool:
    """Whether a value of another axis can stand in the frame that was chosen."""
    frame = names["frame"]
    if frame == "vmapped":
        if axis == "reduction":
            return value == "sums_of_rows"
        if axis == "likelihood":
            return single
        return value not in ROWLESS.get(axis, ())
    if frame == "scripted":
        if axis == "prior":
            return value == "standard"
        if axis == "kl":
            return value in ("minus_half", "half")
        return not (axis == "spread" and value == "cholesky")
    if frame == "compiled" and axis == "spread":
        return value != "cholesky"  # torch.compile cannot trace the KL of two full normals
    if frame == "accumulated" and axis == "reduction":
        return value in ("sums", "sums_over_batch_size")
    if frame == "goes_back_apart" and axis == "reduction":
        return value not in ("sums_of_rows", "einsum")
    return True


def _indent(lines: list[str], by: int = 1) -> list[str]:
    return ["    " * by + line if line else "" for line in lines]


def body(draft: Draft, peek: bool) -> list[str]:
    """The lines of a step from x to the loss."""
    encode, decode = draft.encode, [line.format(code=draft.code) for line in draft.decode]
    if draft.names["frame"] == "autocast":
        half = 'with torch.autocast("cpu", dtype=torch.bfloat16):'
        second = "d_mu, d_logvar" if draft.names["kl"] == "residual" else f"mu, {draft.raw}"
        floats = ", ".join(f"{name}.float()" for name in second.split(", "))
        if draft.names["kl"] == "residual":
            encode = [half, *_indent(encode[:-1]), f"{second} = {floats}", encode[-1]]
        else:
            encode = [half, *_indent(encode), f"{second} = {floats}"]
        decode = [half, *_indent(decode), "out = out.float()"]
    one_draw = [*draft.sample, *decode, *draft.nll, *(draft.kl if draft.kl_at_draw else [])]
    peeked = [f"peek({draft.oracle_nll}, {draft.oracle_kl}, mu, {'tril' if draft.full else 'std'}, z)"] if peek else []
    lines = [*draft.before, *encode, *draft.spread]
    if draft.loop:
        kept = ["nll", "kl"] if draft.kl_at_draw else ["nll"]
        appended = [f"{name}s.append({name})" for name in kept]
        lines += [f"{name}s = []" for name in kept]
        lines += [f"for _ in range({draft.draws}):", *_indent([*one_draw, *appended, *peeked])]
        lines += [f"{name} = torch.stack({name}s).mean(0)" for name in kept]
        lines += draft.kl if not draft.kl_at_draw else []
    else:
        lines += one_draw
        lines += draft.kl if not draft.kl_at_draw else []
        lines += peeked
        if draft.draws > 1:
            lines += [f"nll = {draft.join}", *(["kl = kl.mean(0)"] if draft.kl_at_draw else [])]
    if draft.upper_kl:
        upper = f"({draft.upper_kl}).sum(-1)" if draft.kl_by_row else draft.upper_kl
        lines += [f"kl = kl + {upper}"]
    return [*lines, *draft.reduce, *draft.total]


def frame(draft: Draft, peek: bool) -> list[str]:
    """The lines from the networks to `step`."""
    lines = body(draft, peek)
    return _FRAMES.get(draft.names["frame"], _function)(draft, lines)


def _networks(draft: Draft) -> list[str]:
    return [*(f"{name} = {layer}" for name, layer in draft.networks.items()), *draft.ready]


def _arguments(draft: Draft) -> tuple[str, list[str]]:
    """The argument of the step, and the line that takes it apart."""
    names = ", ".join(draft.inputs)
    return ("x", []) if names == "x" else ("batch", [f"{names} = batch"])


def _optimizer(draft: Draft) -> list[str]:
    parameters = ", ".join(
        f"{name}" if "nn.Parameter" in layer else f"*{name}.parameters()" for name, layer in draft.networks.items()
    )
    return [f"optimizer = torch.optim.SGD([{parameters}], lr=1e-3)"]


def _function(draft: Draft, lines: list[str]) -> list[str]:
    argument, apart = _arguments(draft)
    ends = [*draft.after, f"return {draft.returned}"]
    return [*_networks(draft), "", "", f"def step({argument}):", *_indent([*apart, *lines, *ends])]


def _called(expression: str, method: str) -> str:
    """The method of an expression, in brackets unless it is a name."""
    return f"{expression}.{method}" if expression.isidentifier() else f"({expression}).{method}"


def _goes_back(draft: Draft, lines: list[str]) -> list[str]:
    argument, apart = _arguments(draft)
    back = [
        "optimizer.zero_grad()",
        _called(draft.backward, "backward()"),
    ]
    ends = [*back, "optimizer.step()", *draft.after, f"return {draft.returned}"]
    head = [*_networks(draft), *_optimizer(draft)]
    return [*head, "", "", f"def step({argument}):", *_indent([*apart, *lines, *ends])]


def _goes_back_apart(draft: Draft, lines: list[str]) -> list[str]:
    """Each term goes back by itself, as in code that logs their gradients."""
    argument, apart = _arguments(draft)
    over = " / x.shape[0]" if draft.names["reduction"] == "sums_over_batch_size" else ""
    scale = "0.01 * " if draft.names["weight"] == "scaled_as_a_whole" else ""
    back = ["optimizer.zero_grad()", _called(f"{scale}{draft.rec_term}{over}", "backward(retain_graph=True)")]
    back += ["optimizer.zero_grad()"] if draft.zeroed_between else []
    back += [_called(f"{scale}{draft.kl_term}{over}", "backward()")]
    ends = [*back, "optimizer.step()", *draft.after, f"return {draft.returned}"]
    head = [*_networks(draft), *_optimizer(draft)]
    return [*head, "", "", f"def step({argument}):", *_indent([*apart, *lines, *ends])]


def _method(draft: Draft, signature: str, lines: list[str]) -> list[str]:
    """A module with the networks as attributes and the lines in a method."""
    networks = [f"self.{line}" for line in _networks(draft)]
    names = "|".join(map(re.escape, draft.networks))
    lines = [re.sub(rf"(?<![\w.])({names})\b", r"self.\1", line) for line in lines]
    head = ["", "", "class VAE(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    return [*head, *_indent(networks, 2), "", f"    def {signature}:", *_indent(lines, 2)]


def _module(draft: Draft, lines: list[str]) -> list[str]:
    argument, apart = _arguments(draft)
    ends = [*draft.after, f"return {draft.returned}"]
    return [*_method(draft, f"forward(self, {argument})", [*apart, *lines, *ends]), "", "", "step = VAE()"]


def _lightning(draft: Draft, lines: list[str]) -> list[str]:
    _, apart = _arguments(draft)
    apart = apart or ["x = batch"]
    logs = ['self.log("rec", rec)', 'self.log("kl", kld)']
    method = _method(draft, "training_step(self, batch, batch_idx)", [*apart, *lines, *draft.after, *logs,
                                                                       f"return {draft.returned}"])  # fmt: skip
    log = ["", "    def log(self, name, value):", "        self.logged[name] = value.detach().mean()"]
    where = method.index("        super().__init__()") + 1
    method.insert(where, "        self.logged = {}")
    return [
        *method,
        *log,
        "",
        "",
        "model = VAE()",
        "",
        "",
        "def step(batch):",
        "    return model.training_step(batch, 0)",
    ]


def _dataclass(draft: Draft, lines: list[str]) -> list[str]:
    argument, apart = _arguments(draft)
    output = ["", "", "@dataclass", "class Output:", "    loss: torch.Tensor", "    reconstruction: torch.Tensor"]
    ends = [*draft.after, f"return Output(loss={draft.returned}, reconstruction=out)"]
    method = _method(draft, f"forward(self, {argument})", [*apart, *lines, *ends])
    return [*output, *method, "", "", "model = VAE()", "", "", "def step(batch):", "    return model(batch).loss"]


def _dictionary(draft: Draft, lines: list[str]) -> list[str]:
    argument, apart = _arguments(draft)
    ends = [*draft.after, f'return {{"loss": {draft.returned}, "rec": rec.detach(), "kl": kld.detach()}}']
    return [*_networks(draft), "", "", f"def step({argument}):", *_indent([*apart, *lines, *ends])]


def _compiled(draft: Draft, lines: list[str]) -> list[str]:
    found = _function(draft, lines)
    at = next(i for i, line in enumerate(found) if line.startswith("def step"))
    return [*found[:at], '@torch.compile(backend="eager")', *found[at:]]


def _vmapped(draft: Draft, lines: list[str]) -> list[str]:
    names = ", ".join(draft.inputs)
    reduced = draft.reduce + draft.total
    lines = lines[: len(lines) - len(reduced)]
    total = draft.total[0]
    of_row = ["rec = nll.sum()", "kld = kl.sum()", f"return {draft.rec_term} + {draft.kl_term}"]
    one_row = [f"def loss_of_row({names}):", *_indent([*lines, *of_row])]
    argument, apart = _arguments(draft)
    after = [line for line in draft.total if line != total and "out.sum()" not in line]
    step = [*apart, f'loss = torch.vmap(loss_of_row, randomness="different")({names}).mean()', *after]
    return [*_networks(draft), "", "", *one_row, "", "", f"def step({argument}):",
            *_indent([*step, *draft.after, f"return {draft.returned}"])]  # fmt: skip


def _accumulated(draft: Draft, lines: list[str]) -> list[str]:
    """The gradients of two halves of the batch are added, as when the batch does not fit into memory."""
    names = ", ".join(draft.inputs)
    over = draft.names["reduction"] == "sums_over_batch_size"
    lines = [line.replace("x.shape[0]", "rows") if "loss =" in line else line for line in lines]
    parts = ", ".join(f"{name}.split(2)" for name in draft.inputs)
    loop = f"for {names} in zip({parts}):" if "," in names else "for x in batch.split(2):"
    back = [*draft.after, _called(draft.backward, "backward()")]
    back += [f"whole = whole + {draft.returned}.detach()"]
    apart = [f"{names} = batch"] if "," in names else []
    rows = [f"rows = len({'x' if apart else 'batch'})"] if over else []
    step = [*apart, *rows, "optimizer.zero_grad()", "whole = 0.0", loop, *_indent([*lines, *back]), "optimizer.step()",
            "return whole"]  # fmt: skip
    return [*_networks(draft), *_optimizer(draft), "", "", "def step(batch):", *_indent(step)]


def _data_parallel(draft: Draft, lines: list[str]) -> list[str]:
    found = _module(draft, lines)
    argument, _ = _arguments(draft)
    return [*found[:-1], "model = nn.DataParallel(VAE())", "", "", f"def step({argument}):",
            f"    return model({argument}).mean()"]  # fmt: skip


def _functional_call(draft: Draft, lines: list[str]) -> list[str]:
    found = _module(draft, lines)
    call = "    return torch.func.functional_call(model, dict(model.named_parameters()), (batch,))"
    return [*found[:-1], "model = VAE()", "", "", "def step(batch):", call]


_FRAMES = {
    "module": _module,
    "lightning": _lightning,
    "output_dataclass": _dataclass,
    "output_dictionary": _dictionary,
    "goes_back": _goes_back,
    "goes_back_apart": _goes_back_apart,
    "compiled": _compiled,
    "vmapped": _vmapped,
    "accumulated": _accumulated,
    "data_parallel": _data_parallel,
    "functional_call": _functional_call,
}
