"""The report of a run: one HTML page that needs nothing beside it. `render_run` is a pure function of `RunReport`."""

from vaelid.interface.run_page.content import LatentGrid, Pictures, RunReport
from vaelid.interface.run_page.page import render_run

__all__ = ["LatentGrid", "Pictures", "RunReport", "render_run"]
