"""peers.py: what it reads out of each tool, from outputs kept here, and what it says of a tool that is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

import peer_tools
import peers
import speed_tools
from peer_tools import PEERS, Peer

RECORDED = Path(__file__).parent / "peers"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text()


@pytest.mark.parametrize(
    "parse, name, ns",
    [
        (speed_tools.perf_pipe_ns, "perf_pipe.txt", 9013.8),
        (speed_tools.sockperf_ns, "sockperf_udp.txt", 2 * 7048),
        (peer_tools.stress_eventfd_ns, "stress_eventfd.txt", 1e9 / 60469.55),
        (peer_tools.rt_tests_ns, "pmqtest.json", 33700.0),
        (peer_tools.rt_tests_ns, "ptsematest.json", 28250.0),
        (peer_tools.rt_tests_ns, "svsematest.json", 3610),
        (peer_tools.rt_tests_ns, "sigwaittest.json", 5200),
    ],
)
def test_each_tools_number_becomes_nanoseconds(parse, name: str, ns: float) -> None:
    assert parse(recorded(name)) == pytest.approx(ns)


def test_an_output_without_the_number_is_an_error_that_shows_it() -> None:
    with pytest.raises(ValueError, match="sockperf: Test end"):
        speed_tools.sockperf_ns("sockperf: Test end (interrupted by timer)")


def peer(tool: str, pairs: list[tuple[float, float]] | Exception, like_for_like: bool) -> Peer:
    def measure(*_: object) -> list[tuple[float, float]]:
        if isinstance(pairs, Exception):
            raise pairs
        return pairs

    return Peer("pipe", tool, "package-of-it", "a number", like_for_like, measure)


def row(one: Peer) -> peers.Row:
    return peers.measure(one, Path("/bin/true"), (0, 1), 6)


def test_a_tool_that_is_not_there_is_a_row_that_says_how_to_get_it() -> None:
    missing = row(peer("no-such-tool --pipe", [], True))
    assert "not here: apt-get install package-of-it" in peers.table([missing])


def test_a_tool_that_fails_is_a_row_with_its_words() -> None:
    assert (
        row(peer("true", ValueError("nothing like it"), True))["reason"] == "true: nothing like it"
    )


def test_only_what_is_like_for_like_is_judged() -> None:
    judged = row(peer("true", [(90.0, 100.0)] * 6, True))
    shown = row(peer("true", [(190.0, 100.0)] * 6, False))
    assert (judged["value"], judged["verdict"]) == (0.9, "holds")
    assert (shown["value"], shown["verdict"]) == (1.9, "no goal")
    assert row(peer("true", [(190.0, 100.0)] * 6, True))["verdict"] == "missed"


def test_the_figure_and_the_table_name_every_tool(tmp_path: Path) -> None:
    rows = [row(peer("true", [(90.0, 100.0)] * 6, True)), row(peer("no-such-tool", [], False))]
    svg = peers.draw(rows, tmp_path).read_text()
    assert "pipe over true" in svg and "package-of-it" in svg
    table = peers.table(rows)
    assert all(one.tool in table for one in PEERS)
    assert all(tool in table for tool in peer_tools.LEFT_OUT)
