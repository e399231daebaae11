"""What changes nothing of what is minimised: permutations, casts, checkpoints, logs, constants."""

from .draft import Draft, choice


def _not_vmapped(names) -> bool:
    return names["frame"] != "vmapped"


@choice("twist")
def no_twist(draft: Draft) -> None:
    pass


@choice("twist")
def permuted_code(draft: Draft) -> None:
    """The decoder takes the latents in another order."""
    order = list(range(draft.latents))
    order.append(order.pop(0))
    draft.code = draft.code.replace("z", f"z[..., {order}]")


@choice("twist")
def detach_that_cancels(draft: Draft) -> None:
    draft.sample += ["z = z + (z.detach() - z).detach()"]


@choice("twist", fits=lambda names: names["frame"] not in ("autocast", "vmapped"))
def casts(draft: Draft) -> None:
    draft.reduce += ["rec = rec.to(torch.get_default_dtype())", "kld = kld.type_as(rec)"]


@choice("twist", fits=lambda names: names["frame"] not in ("vmapped", "compiled"))
def checkpointed(draft: Draft) -> None:
    draft.decode = ["out = checkpoint(dec, {code}, use_reentrant=False)"]


@choice("twist", fits=_not_vmapped)
def broadcasts(draft: Draft) -> None:
    draft.encode += ["mu = mu.unsqueeze(1).expand(-1, 1, -1).squeeze(1)"]


@choice("twist", fits=lambda names: names["frame"] not in ("vmapped", "compiled"))
def logged(draft: Draft) -> None:
    draft.constants += ["history = []"]
    draft.after += ["history.append(loss.item())"]


@choice("twist", fits=lambda names: names["frame"] not in ("vmapped", "compiled"))
def guarded(draft: Draft) -> None:
    draft.after += ["if not torch.isfinite(loss):", '    raise FloatingPointError("the loss is not finite")']


@choice("twist")
def constant_added(draft: Draft) -> None:
    draft.total += [f"loss = loss + 0.5 * {draft.places} * math.log(2 * math.pi)"]


@choice("twist")
def nothing_added(draft: Draft) -> None:
    draft.total += ["loss = loss + 0.0 * out.sum()"]


@choice("twist", fits=lambda names: names["spread"] in ("exp_half", "sqrt_of_exp"))
def clamped_far_away(draft: Draft) -> None:
    """Consistent: the sampler and the KL both take the clamped value."""
    if draft.names["kl"] == "residual":
        draft.encode.insert(-1, "d_logvar = d_logvar.clamp(-30.0, 20.0)")
    else:
        draft.spread.insert(0, "logvar = logvar.clamp(-30.0, 20.0)")


@choice("twist", fits=lambda names: names["mask"] != "picked")
def reversed_places(draft: Draft) -> None:
    draft.nll += ["nll = nll.flip(-1)"]


@choice("twist")
def scaled_and_back(draft: Draft) -> None:
    draft.total += ["loss = (loss * 8) / 8"]


@choice("twist")
def copied(draft: Draft) -> None:
    draft.sample += ["z = z.clone().contiguous()"]


@choice("twist", fits=lambda names: names["frame"] not in ("vmapped", "compiled", "autocast"))
def dropout_in_decoder(draft: Draft) -> None:
    """For each choice of what is dropped it is a decoder, and the bound holds; so it does on average."""
    draft.networks["dec"] = draft.networks["dec"].replace("nn.Tanh()", "nn.Tanh(), nn.Dropout(0.1)")


@choice("twist", fits=lambda names: names["spread"] == "exp_of_log_std")
def misleading_name(draft: Draft) -> None:
    """The log of the deviation is called logvar, and is taken for what it is."""
    draft.renamed |= {"log_std": "logvar", "to_log_std": "to_logvar"}


@choice("twist", fits=_not_vmapped)
def measured(draft: Draft) -> None:
    """Metrics are computed beside the loss, without gradient, and thrown away."""
    draft.after += ["with torch.no_grad():", "    spread_of_codes = mu.var(0).mean() + kl.mean()"]
