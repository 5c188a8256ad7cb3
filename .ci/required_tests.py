"""A pytest plugin: a test that CI must run, and that was skipped, has failed.

REQUIRED_MARKS names the marks of these tests, as in ``REQUIRED_MARKS="browser shared" pytest -p required_tests``.
A module that skips itself as a whole hides its marks, and counts as required.
"""

import os

import pytest

REQUIRED = frozenset(os.environ.get("REQUIRED_MARKS", "").split())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Turn the skip of a required test into a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and REQUIRED & {mark.name for mark in item.iter_markers()}:
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Turn the skip of a whole module into a failure."""
    report = yield
    if REQUIRED and report.skipped:
        _fail(report)
    return report


def _fail(report):
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome, report.longrepr = "failed", f"must run here, and was skipped: {reason}"
