"""JUnit XML: a suite an experiment, a test a case; skipped and failed with their reasons; the gate's findings first.

A case fails when a launch of it failed, and says how many did. `time` is what was spent measuring it, in seconds.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from xml.etree import ElementTree as xml

import style
from exports import judged, rows
from exports.rows import Row
from record import group
from records import Run

# What XML 1.0 cannot hold, even escaped: an errno's text may come from anywhere.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def export(run: Run) -> str:
    root = xml.Element("testsuites", name=f"ipcmark {run.name}")
    suites = [s for s in [_gate(run)] if s is not None]
    by_experiment: dict[str, list[Row]] = {}
    for row in rows.of_run(run):
        by_experiment.setdefault(row.experiment, []).append(row)
    suites += [_suite(run, name, [_test(row) for row in found])
               for name, found in by_experiment.items()]  # fmt: skip
    for suite in suites:
        root.append(suite)
    for count in ("tests", "failures", "errors", "skipped"):
        root.set(count, str(sum(int(s.get(count, "0")) for s in suites)))
    root.set("time", f"{sum(float(s.get('time', '0')) for s in suites):.3f}")
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, "unicode") + "\n"


def _suite(run: Run, name: str, tests: list[xml.Element]) -> xml.Element:
    began = datetime.fromtimestamp((run.manifest.get("started_unix_ns") or 0) / 1e9, timezone.utc)
    suite = xml.Element("testsuite", name=_clean(name), tests=str(len(tests)))
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(test.find(tag) is not None for test in tests)))
    suite.set("time", f"{sum(float(test.get('time', '0')) for test in tests):.3f}")
    suite.set("timestamp", began.strftime("%Y-%m-%dT%H:%M:%S"))
    suite.set("hostname", _clean(str((run.environment.get("machine") or {}).get("key", ""))))
    properties = xml.SubElement(suite, "properties")
    for key, value in _properties(run).items():
        xml.SubElement(properties, "property", name=key, value=_clean(value))
    suite.extend(tests)
    return suite


def _properties(run: Run) -> dict[str, str]:
    keys = {p: str((run.environment.get(p) or {}).get("key", "")) for p in ("epoch", "build")}
    return {"run": run.name, "commit": str(run.manifest.get("commit", "")), **keys}


def _test(row: Row) -> xml.Element:
    test = _empty(row.experiment, row.name, sum(map(rows.spent_s, row.records)))
    failed, asked = row.count("failed"), len(group(row.records, lambda r: r.launch_id))
    if failed:
        message = _clean(f"{failed} of {asked} launches failed: {row.reason}")
        xml.SubElement(test, "failure", message=message, type="failed").text = message
    elif row.interval is None:
        xml.SubElement(test, "skipped", message=_clean(row.reason or "no launch gave a number"))
    if row.interval is not None:
        xml.SubElement(test, "system-out").text = _said(row)
    return test


def _empty(suite: str, name: str, time_s: float) -> xml.Element:
    return xml.Element(
        "testcase", classname=f"ipcmark.{_clean(suite)}", name=_clean(name), time=f"{time_s:.6f}"
    )


def _said(row: Row) -> str:
    at, label = row.interval, style.time_label if row.is_time else "{:.4g} calls".format
    bounds = f", 95 % [{label(at.lo)}, {label(at.hi)}]" if at.lo is not None else ""
    return f"{row.quantity} {label(at.value)}{bounds}, {at.n} launches"


def _gate(run: Run) -> xml.Element | None:
    """The gate's verdict and each regression it confirmed; None where it has not judged."""
    found = judged.of_run(run)
    if found is None:
        return None
    said = _clean(f"{found.verdict}: {found.said}")
    verdict = _empty("gate", "verdict", 0)
    if found.exit_code:
        tag = "failure" if found.exit_code == judged.CONFIRMED else "error"
        xml.SubElement(verdict, tag, message=said, type=_clean(found.verdict))
    else:
        xml.SubElement(verdict, "system-out").text = said
    return _suite(run, "gate", [verdict, *map(_finding, found.regressions)])


def _finding(finding: judged.Finding) -> xml.Element:
    test = _empty("gate", finding.name, 0)
    xml.SubElement(test, "failure", message=_clean(finding.words), type=_clean(finding.verdict))
    return test


def _clean(text: str) -> str:
    return FORBIDDEN.sub("?", text)
