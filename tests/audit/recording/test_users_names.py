"""What the user calls a tensor: by the variables of the user's frames, the outermost first."""

import sys

import torch
from torch import nn

from vaelid.auditor.recording.events import Region
from vaelid.auditor.recording.users_names import UsersNames

OF_MODULE = torch.ones(4)


def region(tensor):
    """A region that the tensor's shape tells apart; one of three numbers was never met."""
    size = tuple(tensor.shape)
    return None if size == (3,) else Region(0, size, (1,), 0, True)


def names_in(frames):
    found = UsersNames()
    found.see(frames, region)
    return {known.size: name for known, name in found.found.items()}


def test_variables_are_named_and_what_no_operation_met_is_not():
    mu, unmet, number = torch.zeros(2), torch.zeros(3), 5
    assert names_in([sys._getframe()]) == {(2,): "mu"}
    assert (mu.shape, unmet.shape, number) == ((2,), (3,), 5)


def test_a_variable_of_the_module_that_the_code_reads_is_named():
    assert OF_MODULE.shape == (4,)
    assert names_in([sys._getframe()])[(4,)] == "OF_MODULE"


def test_the_outermost_name_is_kept():
    def inner(tensor):
        return names_in([sys._getframe(), sys._getframe(1)])

    logvar = torch.zeros(2)
    assert inner(logvar)[(2,)] == "logvar"


def test_parameters_have_the_names_of_their_attributes_and_a_layers_weight_has_none():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.log_scale = nn.Linear(5, 7), nn.Parameter(torch.zeros(9))

    model = Model()
    assert names_in([sys._getframe()]) == {(9,): "log_scale"}
    assert model.layer.bias.shape == (7,)


def test_a_frame_that_stands_where_it_stood_is_not_looked_at_again():
    found, looked = UsersNames(), []
    z = torch.zeros(2)
    frame = sys._getframe()
    for _ in range(3):
        found.see([frame], looked.append)
    assert len(looked) == 1
    assert z.shape == (2,)
