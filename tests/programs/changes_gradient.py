"""Changes after which what is trained is not what is returned."""

from .changes import late
from .draft import Draft, Names


def _plain_autograd(names: Names) -> bool:
    return names["frame"] not in ("vmapped", "compiled")


@late(_plain_autograd)
def hook_on_output(draft: Draft) -> None:
    """A tenth of the reconstruction's gradient goes back: beta is ten times what the value says."""
    draft.decode += ["out.register_hook(lambda g: 0.1 * g)"]


@late(_plain_autograd)
def hook_on_weight(draft: Draft) -> None:
    """One matrix of the decoder gets a tenth of its gradient."""
    draft.ready += ["dec[-1].weight.register_hook(lambda g: 0.1 * g)"]


@late(_plain_autograd)
def hook_on_mean(draft: Draft) -> None:
    """The encoder's mean gets a tenth of its gradient, its deviation all of it: of no objective."""
    draft.encode += ["mu.register_hook(lambda g: 0.1 * g)"]


@late(_plain_autograd)
def function_with_another_gradient(draft: Draft) -> None:
    """A function of the user's returns what it gets, and scales the gradient."""
    draft.constants += [
        "",
        "",
        "class Scaled(torch.autograd.Function):",
        "    @staticmethod",
        "    def forward(ctx, y):",
        "        return y.view_as(y)",
        "",
        "    @staticmethod",
        "    def backward(ctx, gradient):",
        "        return 0.1 * gradient",
        "",
        "",
    ]
    draft.decode += ["out = Scaled.apply(out)"]


@late(lambda names: _plain_autograd(names) and names["frame"] != "goes_back_apart")
def output_detached(draft: Draft) -> None:
    """The reconstruction trains nothing. The value is the same."""
    draft.decode += ["out = out.detach()"]


def _goes_back(names: Names) -> bool:
    return names["frame"] in ("goes_back", "accumulated")


@late(_goes_back)
def only_reconstruction_goes_back(draft: Draft) -> None:
    """The KL is returned and not trained."""
    draft.backward = "rec.sum()"


@late(_goes_back)
def goes_up(draft: Draft) -> None:
    """Minus the loss goes back: the optimizer raises it."""
    draft.backward = "-loss"


@late(_goes_back)
def more_kl_goes_back(draft: Draft) -> None:
    """What goes back has another beta than what is returned."""
    draft.backward = "loss + 3 * kld.sum()"


@late(lambda names: names["frame"] == "goes_back_apart")
def gradients_zeroed_between(draft: Draft) -> None:
    """zero_grad between the terms: the optimizer sees the KL only."""
    draft.zeroed_between = True
