"""The recipe: its schedules' values, and what it refuses."""

import json
import math
from dataclasses import FrozenInstanceError, asdict

import pytest
import torch

from vaelid.spec.errors import InputError
from vaelid.train.recipe import Recipe


def test_the_cosine_schedule_is_that_of_torch():
    steps = 50
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    recipe = Recipe(learning_rate=0.3, schedule="cosine")
    for step in range(steps):
        assert recipe.learning_rate_at(step / steps) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        schedule.step()


def test_the_cosine_schedule_starts_at_the_rate_and_ends_at_zero():
    recipe = Recipe(learning_rate=0.3, schedule="cosine")
    assert recipe.learning_rate_at(0) == 0.3
    assert recipe.learning_rate_at(1 / 3) == pytest.approx(0.225, rel=1e-15)
    assert recipe.learning_rate_at(0.5) == pytest.approx(0.15, rel=1e-15)
    assert recipe.learning_rate_at(1) == 0


@pytest.mark.parametrize("progress", [0, 0.3, 1])
def test_the_constant_schedule_is_constant(progress):
    assert Recipe(learning_rate=0.3).learning_rate_at(progress) == 0.3


@pytest.mark.parametrize(("epoch", "expected"), [(0, 0), (1, 0.5), (2.5, 1.25), (4, 2), (4.01, 2), (400, 2)])
def test_the_kl_warms_up_linearly_to_beta(epoch, expected):
    assert Recipe(beta=2, kl_warmup=4).beta_at(epoch) == expected


@pytest.mark.parametrize("epoch", [0, 0.5, 7])
def test_without_warm_up_the_kl_has_its_weight_from_the_start(epoch):
    assert Recipe(beta=0.7).beta_at(epoch) == 0.7


def test_a_recipe_comes_back_from_json_and_cannot_be_changed():
    recipe = Recipe(epochs=7, clip=2.5, patience=3, schedule="cosine", optimizer="adamw", weight_decay=0.1)
    assert Recipe(**json.loads(json.dumps(asdict(recipe)))) == recipe
    with pytest.raises(FrozenInstanceError):
        recipe.epochs = 8


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epochs": 0}, "epochs=0 must be a whole number of at least 1."),
        ({"epochs": "ten"}, "epochs='ten' must be a whole number of at least 1."),
        ({"learning_rate": "high"}, "learning_rate='high' must be a positive number."),
        ({"beta": None}, "beta=None must be a number of at least 0."),
        ({"epochs": 2.5}, "epochs=2.5 must be a whole number of at least 1."),
        ({"batch_size": 0}, "batch_size=0 must be a whole number of at least 1."),
        ({"patience": 0}, "patience=0 must be a whole number of at least 1."),
        ({"seed": -1}, "seed=-1 must be a whole number of at least 0."),
        ({"seed": 1.5}, "seed=1.5 must be a whole number of at least 0."),
        ({"learning_rate": 0.0}, "learning_rate=0.0 must be a positive number."),
        ({"learning_rate": math.nan}, "learning_rate=nan must be a positive number."),
        ({"learning_rate": math.inf}, "learning_rate=inf must be a positive number."),
        ({"clip": -1.0}, "clip=-1.0 must be a positive number."),
        ({"beta": -0.5}, "beta=-0.5 must be a number of at least 0."),
        ({"beta": math.nan}, "beta=nan must be a number of at least 0."),
        ({"kl_warmup": -1}, "kl_warmup=-1 must be a whole number of at least 0."),
        (
            {"weight_decay": 0.1},
            'weight_decay needs optimizer="adamw", whose decay is decoupled from the gradient.',
        ),
        (
            {"validation": 0.6, "test": 0.4},
            "validation=0.6 and test=0.4 are shares of the data: each at least 0, together less than 1.",
        ),
        (
            {"validation": -0.1},
            "validation=-0.1 and test=0 are shares of the data: each at least 0, together less than 1.",
        ),
        ({"validation": 0.0, "patience": 2}, "patience needs validation rows: give validation=0.1, for instance."),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_refused_by_name_and_value(unchecked, settings, says):
    with pytest.raises(InputError) as error:
        Recipe(**settings)
    assert str(error.value) == says


@pytest.mark.parametrize(
    ("name", "known"),
    [("schedule", "constant, cosine"), ("optimizer", "adam, adamw"), ("expectation", "sampled, exact")],
)
def test_an_unknown_choice_is_answered_by_the_known_ones(unchecked, name, known):
    with pytest.raises(InputError) as error:
        Recipe(**{name: "magic"})
    assert str(error.value) == f"{name}='magic' is not known: give one of {known}."
