"""The pytest plugin: where `assert_elbo` fails, the audit's report is shown, and no traceback of vaelid's.

It stands beside the package and imports nothing of it: pytest loads it in every run, also where vaelid is not used.
"""

import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The user's line and the report, in place of a long traceback."""
    report = yield
    assertion = sys.modules.get("vaelid.interface.audit.assertion")
    if assertion is not None and call.excinfo is not None and isinstance(call.excinfo.value, assertion.NotElbo):
        report.longrepr = call.excinfo.getrepr(
            style="short", chain=False, tbfilter=lambda info: info.traceback.cut(path=item.path).filter(info)
        )
    return report
