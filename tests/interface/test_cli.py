"""The commands, as typed: what they print, write and compute, against the Python interface and the definitions."""

import json
import math
from dataclasses import asdict, fields
from pathlib import Path

import click
import numpy as np
import pytest
import torch

from vaelid import VAE, Evaluation, evaluate, fit, likelihood, load
from vaelid.interface.cli.group import vaelid as group
from vaelid.spec.likelihoods import LIKELIHOOD_NAMES

RNG = np.random.default_rng(0)
FLAGS = ("--hidden", "8", "--latent", "2", "--epochs", "2", "--batch-size", "16", "--seed", "3")
OF_FAMILY = {
    "bernoulli": RNG.integers(0, 2, (40, 5)),
    "continuous_bernoulli": RNG.random((40, 5)),
    "gaussian": RNG.normal(size=(40, 5)),
    "gaussian_diag": RNG.normal(size=(40, 5)),
    "laplace": RNG.normal(size=(40, 5)),
    "poisson": RNG.poisson(3, (40, 5)),
    "negative_binomial": RNG.poisson(3, (40, 5)),
    "binomial:16": RNG.integers(0, 17, (40, 5)),
    "gaussian:0.5": RNG.normal(size=(40, 5)),
    "categorical:3": RNG.integers(0, 3, (40, 5)),
}


@pytest.fixture
def run(vaelid, folder) -> Path:
    """A run on x.npy, counts from 0 to 16, trained by the command."""
    np.save("x.npy", OF_FAMILY["binomial:16"])
    assert vaelid("train", "x.npy", "--out", "run", "--test", "0.2", *FLAGS).status == 0
    return folder / "run"


def answer(outcome) -> dict:
    """The JSON on standard output, which is one line of strict JSON and all that is printed."""
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.count("\n") == 1
    return json.loads(outcome.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


# ------------------------------------------------------------------------------------------------ train


def test_train_prints_json_of_the_same_training_as_fit(vaelid, folder):
    np.save("x.npy", OF_FAMILY["gaussian"])
    said = answer(vaelid("train", "x.npy", "--out", "run", "--likelihood", "gaussian", "--json", *FLAGS))
    model = VAE(obs=5, latent=2, hidden=(8,), likelihood="gaussian", seed=3)
    result = fit(model, "x.npy", epochs=2, batch_size=16, seed=3)
    assert set(said) == {"run", "history", "kept_epoch", "seconds", "split", "threads"}
    assert said["run"] == "run"
    assert said["split"] == {"training": 36, "validation": 4, "test": 0}
    assert said["history"] == list(result.history)
    assert said["kept_epoch"] == result.kept_epoch
    weights = load("run").state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in model.state_dict().items())


def test_train_says_what_was_done_and_what_comes_next(vaelid, folder):
    np.save("x.npy", OF_FAMILY["gaussian"])
    outcome = vaelid("train", "x.npy", "--out", "run", "--threads", "1", *FLAGS)
    assert outcome.err == "likelihood gaussian, which fits these data (--likelihood names another)\n"
    first, second = outcome.out.splitlines()
    assert first.startswith("trained 2 epochs in ")
    assert first.endswith(" s on 1 thread, kept the weights of epoch 2: run")
    assert second == "next: vaelid evaluate run   vaelid report run"
    assert {path.name for path in (folder / "run").iterdir()} == {
        ".lock", "config.json", "log.jsonl", "checkpoint.safetensors", "model.safetensors",
    }  # fmt: skip


def test_options_of_a_file_are_those_of_flags_and_flags_override_them(vaelid, folder):
    np.save("x.npy", OF_FAMILY["gaussian"])
    (folder / "c.toml").write_text(
        'data = "x.npy"\nhidden = [6, 4]\nlatent = 3\nepochs = 9\nlearning-rate = 1e-2\nbatch_size = 8\n'
        'schedule = "cosine"\nlikelihood = "gaussian"\nvalidation = 0.2\nkl-warmup = 1\nclip = 5\n'
    )
    answer(vaelid("train", "--config", "c.toml", "--out", "from-file", "--epochs", "1", "--latent", "2", "--json"))
    answer(
        vaelid(
            *("train", "x.npy", "--out", "from-flags", "--hidden", "6,4", "--latent", "2", "--epochs", "1", "--json"),
            *("--learning-rate", "0.01", "--batch-size", "8", "--schedule", "cosine", "--likelihood", "gaussian"),
            *("--validation", "0.2", "--kl-warmup", "1", "--clip", "5"),
        )
    )
    configs = [json.loads((folder / run / "config.json").read_text()) for run in ("from-file", "from-flags")]
    assert configs[0]["recipe"] == configs[1]["recipe"]
    assert configs[0]["model"] == configs[1]["model"]
    assert (configs[0]["recipe"]["epochs"], configs[0]["model"]["latent"]) == (1, 2)
    files = [(folder / run / "model.safetensors").read_bytes() for run in ("from-file", "from-flags")]
    assert files[0] == files[1]


def test_a_width_alone_or_none_may_stand_in_a_file(vaelid, folder):
    np.save("x.npy", OF_FAMILY["gaussian"])
    for text, widths in (("7", [7]), ('"7,5"', [7, 5]), ("[]", []), ('"none"', [])):
        (folder / "c.toml").write_text(f"hidden = {text}\nepochs = 1\nlikelihood = 'gaussian'\n")
        name = f"run-{len(list(folder.iterdir()))}"
        answer(vaelid("train", "x.npy", "--config", "c.toml", "--out", name, "--json"))
        assert json.loads((folder / name / "config.json").read_text())["model"]["hidden"] == widths


# ------------------------------------------------------------------------------------------------ evaluate


def test_evaluate_prints_json_of_what_evaluate_returns(vaelid, run):
    said = answer(vaelid("evaluate", "run", "--json", "--draws", "20", "--seed", "5"))
    found = evaluate("run", draws=20, seed=5)
    assert (said.pop("run"), said.pop("data"), said.pop("seed")) == ("run", "test rows", 5)
    assert set(said) == {field.name for field in fields(Evaluation)}
    assert said == json.loads(json.dumps(asdict(found)))
    assert (said["rows"], said["coordinates"], said["likelihood"]) == (8, 5, "binomial:16")


def test_evaluate_on_other_data_is_evaluate_on_other_data(vaelid, run):
    np.save("y.npy", OF_FAMILY["binomial:16"][:13])
    said = answer(vaelid("evaluate", "run", "y.npy", "--json", "--draws", "10"))
    assert (said["data"], said["rows"]) == ("y.npy", 13)
    assert said["elbo"] == asdict(evaluate("run", "y.npy", draws=10).elbo)
    assert said["elbo"] == asdict(evaluate(load("run"), OF_FAMILY["binomial:16"][:13], draws=10).elbo)


@pytest.mark.parametrize("name", OF_FAMILY)
def test_the_figures_of_an_evaluation_are_finite_and_agree(vaelid, name):
    np.save("x.npy", OF_FAMILY[name])
    answer(vaelid("train", "x.npy", "--out", "run", "--likelihood", name, "--json", *FLAGS))
    said = answer(vaelid("evaluate", "run", "x.npy", "--json", "--draws", "10"))
    estimates = [said[key] for key in ("elbo", "bits_per_dim", "reconstruction_nll", "kl", "importance_weighted")]
    assert all(math.isfinite(value) for estimate in estimates for value in estimate.values())
    assert said["likelihood"] == name
    assert said["elbo"]["mean"] == pytest.approx(-said["reconstruction_nll"]["mean"] - said["kl"]["mean"], abs=1e-9)
    assert said["bits_per_dim"]["mean"] == pytest.approx(-said["elbo"]["mean"] / (5 * math.log(2)), abs=1e-9)
    assert sum(kl["mean"] for kl in said["kl_per_dimension"]) == pytest.approx(said["kl"]["mean"], abs=1e-9)
    assert said["importance_weighted"]["mean"] >= said["elbo"]["mean"]
    assert said["active_units"] == sum(variance > 0.01 for variance in said["mean_variance"])
    assert (said["log_evidence"], said["draws"]) == (None, 10)


def test_one_row_has_no_standard_error_and_json_says_null(vaelid, run):
    np.save("y.npy", OF_FAMILY["binomial:16"][:1])
    said = answer(vaelid("evaluate", "run", "y.npy", "--json"))
    assert said["elbo"]["standard_error"] is None
    assert math.isfinite(said["elbo"]["mean"])
    lines = vaelid("evaluate", "run", "y.npy").out.splitlines()
    assert not any("±" in line for line in lines)
    assert "One observation: no standard error." in lines


def test_evaluate_in_words_shows_the_figures_with_their_units(vaelid, run):
    found = evaluate("run", draws=20)
    lines = vaelid("evaluate", "run", "--draws", "20").out.splitlines()
    assert lines[0] == "run on test rows: 8 observations of 5 coordinates, binomial:16, 20 draws each"
    for word, estimate in (
        ("ELBO ", found.elbo),
        ("reconstruction NLL ", found.reconstruction_nll),
        ("KL ", found.kl),
        ("importance-weighted bound ", found.importance_weighted),
    ):
        (line,) = [line for line in lines if line.strip().startswith(word) and "by latent" not in line]
        assert f"{estimate.mean:.2f} ± {estimate.standard_error:.2f}  nats per observation" in line
    assert found.verdict in lines


# ------------------------------------------------------------------------------------------------ encode and the rest


def test_encode_writes_what_the_model_encodes(vaelid, run):
    said = answer(vaelid("encode", "run", "x.npy", "--out", "e.npz", "--json"))
    assert said == {"file": "e.npz", "arrays": {"mu": [40, 2], "logvar": [40, 2]}}
    with torch.no_grad():
        mu, logvar = load("run").encode(torch.from_numpy(OF_FAMILY["binomial:16"]).float())
    with np.load("e.npz") as written:
        assert np.array_equal(written["mu"], mu.numpy())
        assert np.array_equal(written["logvar"], logvar.numpy())
    assert vaelid("encode", "run", "--out", "e.npy").out == "e.npy: mu (40, 2)\n"
    assert np.array_equal(np.load("e.npy"), mu.numpy())
    vaelid("encode", "run", "--out", "deeper/still/e.csv")
    assert np.array_equal(np.loadtxt("deeper/still/e.csv", delimiter=",", dtype=np.float32), mu.numpy())


def test_reconstruct_writes_the_mean_at_the_posterior_mean(vaelid, run):
    assert answer(vaelid("reconstruct", "run", "--out", "r.npz", "--json"))["arrays"] == {"x": [40, 5]}
    model = load("run")
    with torch.no_grad():
        mu, _ = model.encode(torch.from_numpy(OF_FAMILY["binomial:16"]).float())
        expected = 16 * torch.sigmoid(model.decode(mu).double())
    with np.load("r.npz") as written:
        assert np.allclose(written["x"], expected.numpy(), rtol=1e-5, atol=1e-5)


def test_reconstruct_keeps_the_shape_of_an_observation(vaelid):
    np.save("x.npy", RNG.integers(0, 17, (30, 1, 4, 6)))
    assert vaelid("train", "x.npy", "--out", "run", "--arch", "conv", "--hidden", "3", "--epochs", "1").status == 0
    vaelid("reconstruct", "run", "--out", "r.npy")
    assert np.load("r.npy").shape == (30, 1, 4, 6)
    vaelid("sample", "run", "--count", "7", "--out", "s.npy")
    assert np.load("s.npy").shape == (7, 1, 4, 6)
    vaelid("sample", "run", "--count", "7", "--out", "s.csv")
    assert np.loadtxt("s.csv", delimiter=",").shape == (7, 24)


@pytest.mark.parametrize("name", OF_FAMILY)
def test_samples_lie_in_the_support_and_means_between_its_ends(vaelid, name):
    np.save("x.npy", OF_FAMILY[name])
    answer(vaelid("train", "x.npy", "--out", "run", "--likelihood", name, "--json", *FLAGS))
    said = answer(vaelid("sample", "run", "--count", "50", "--out", "s.npz", "--json"))
    assert said["arrays"] == {"x": [50, 5], "z": [50, 2]}
    with np.load("s.npz") as drawn:
        assert bool(np.all(likelihood(name).contains(drawn["x"])))
        assert len(np.unique(drawn["x"])) > 1
    assert vaelid("sample", "run", "--count", "50", "--mean", "--out", "m.npz").status == 0
    with np.load("m.npz") as mean:
        assert np.all(np.isfinite(mean["x"]))
        if likelihood(name).contains(np.array(-1.0)):
            return
        assert mean["x"].min() >= 0


def test_every_family_is_sampled():
    assert {name.partition(":")[0] for name in OF_FAMILY} == {name.partition(":")[0] for name in LIKELIHOOD_NAMES}


def test_samples_are_a_function_of_the_seed(vaelid, run):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        vaelid("sample", "run", "--seed", seed, "--out", f"{name}.npy")
    a, b, c = (np.load(f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


# ------------------------------------------------------------------------------------------------ help


@pytest.mark.parametrize("name", [None, *group.commands])
def test_help_fits_a_screen_and_explains_every_option(vaelid, name):
    outcome = vaelid(*([name] if name else []), "--help")
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 100
    command = group.commands[name] if name else group
    options = [p for p in command.params if isinstance(p, click.Option)]
    for option in options:
        assert option.opts[0] in outcome.out
    assert "..." not in outcome.out.replace("[ARGS]...", ""), "a summary is cut off"


def test_vaelid_alone_is_a_call_for_help(vaelid):
    alone = vaelid()
    assert alone.status == 0
    assert alone.out == vaelid("--help").out == vaelid("-h").out


def test_version_is_that_of_the_package(vaelid):
    import vaelid as package

    assert vaelid("--version").out == f"vaelid, version {package.__version__}\n"
