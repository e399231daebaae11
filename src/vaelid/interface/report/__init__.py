"""The report of a run: one HTML page that needs nothing beside it. `render` is a pure function of `RunReport`."""

from vaelid.interface.report.content import LatentGrid, Pictures, RunReport
from vaelid.interface.report.page import render

__all__ = ["LatentGrid", "Pictures", "RunReport", "render"]
