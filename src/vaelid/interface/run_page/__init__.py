"""The report of a run: one HTML page that needs nothing beside it. `render` is a pure function of `RunReport`."""

from vaelid.interface.run_page.content import LatentGrid, Pictures, RunReport
from vaelid.interface.run_page.page import render

__all__ = ["LatentGrid", "Pictures", "RunReport", "render"]
