"""Windows, slow consumers and fans, end to end: what is refused, what is counted, what is labelled."""

import json

import pytest
from program import ipcmark, records

TINY = ["--plan", "smoke", "--quiet", "--blocks", "1"]


def measured(run_dir, *asked):  # noqa: F811
    done = ipcmark("run", *asked, *TINY, "--out", str(run_dir))
    assert done.returncode == 0, done.stderr
    return records(run_dir)


def test_a_window_that_a_channel_cannot_hold_is_skipped_and_names_what_it_holds(
    run_dir,
):  # noqa: F811
    found = measured(
        run_dir, "window", "--transport", "posix_mq,pipe", "--pattern", "window", "--window", "2,64"
    )
    if any("mq_open" in r["reason"] for r in found):
        pytest.skip("no POSIX message queues here")
    by_case = {(r["case"]["transport"], r["case"].get("window")): r for r in found}
    assert by_case["posix_mq", 64]["status"] == "skipped"
    assert (
        by_case["posix_mq", 64]["reason"]
        == "window 64 is more than posix_mq holds: 10 messages of 64 B"
    )
    for key in (("posix_mq", 2), ("pipe", 2), ("pipe", 64)):
        record = by_case[key]
        assert record["status"] == "ok", record["reason"]
        turnaround = record["histograms"]["turnaround_ns"]
        windows = record["windows"]
        assert (
            record["messages"]
            == turnaround["count"] + len(windows["ns_per_message"]) * windows["messages_each"]
        )


def test_a_window_is_never_kept_where_messages_may_be_lost_or_handed_over_one_by_one(
    run_dir,
):  # noqa: F811
    found = measured(
        run_dir,
        "window",
        "--transport",
        "udp,process_vm_readv,pipe",
        "--pattern",
        "window",
        "--window",
        "4",
    )
    reasons = {r["case"]["transport"]: r["reason"] for r in found}
    assert reasons["udp"] == "udp may lose one of several messages out"
    assert "process_vm_readv" in reasons["process_vm_readv"] and reasons["pipe"] == ""


def test_a_full_buffer_blocks_refuses_or_drops_and_counts_it(run_dir):  # noqa: F811
    found = measured(
        run_dir,
        "window",
        "--transport",
        "pipe",
        "--pattern",
        "deal",
        "--pause-ns",
        "inf",
        "--buffer-bytes",
        "4Ki",
    )
    values = {r["case"].get("full", "block"): r["values"] for r in found}
    assert values["block"]["refused"] == 0 and values["block"]["dropped"] == 0
    assert values["fail"]["refused"] > 0 and values["fail"]["dropped"] == 0
    assert values["drop"]["dropped"] == values["drop"]["refused"] > 0
    assert all(v["capacity_messages"] > 0 and v["refusal_ns"] > 0 for v in values.values())


def test_rendezvous_is_skipped_where_a_mechanism_buffers(run_dir):  # noqa: F811
    asked = [
        "run",
        "window",
        "--transport",
        "pipe",
        "--pattern",
        "deal",
        "--handover",
        "rendezvous",
    ]
    assert ipcmark(*asked, *TINY, "--out", str(run_dir)).returncode == 77
    assert {r["reason"] for r in records(run_dir)} == {"pipe has no rendezvous: it buffers"}


def test_a_stopped_consumer_takes_the_others_with_it_unless_there_are_credits(
    run_dir,
):  # noqa: F811
    asked = [
        "--transport",
        "pipe",
        "--sharing",
        "addressed,own",
        "--pause-ns",
        "inf",
        "--credits",
        "0,4",
    ]
    found = measured(run_dir, "hol_blocking", *asked)
    healthy = {}
    for record in found:
        assert record["status"] == "ok", record["reason"]
        got = [r["messages"] for r in record["roles"] if r["role"] == "server"]
        assert sum(got) == record["roles"][0]["messages"] == record["values"]["delivered"]
        healthy[record["case"]["sharing"], record["case"].get("credits", 0)] = got[:2]
        assert got[2] <= max(record["case"].get("credits", 0), 1)
    assert max(healthy["addressed", 0]) <= 2
    assert min(healthy["addressed", 4]) > 4 and min(healthy["own", 0]) > 4


def test_a_fan_counts_for_each_end_and_every_message_once(run_dir):  # noqa: F811
    for record in measured(
        run_dir, "fan", "--transport", "pipe", "--producers", "1,3", "--consumers", "1,3"
    ):
        sent = [r["messages"] for r in record["roles"] if r["role"] == "client"]
        got = [r["messages"] for r in record["roles"] if r["role"] == "server"]
        assert sum(sent) == sum(got) == record["messages"], json.dumps(record["roles"])
        assert 1 in (len(sent), len(got))


def test_bystanders_and_injectors_work_beside_any_experiment(run_dir):  # noqa: F811
    asked = [
        "--transport",
        "pipe",
        "--message-bytes",
        "65",
        "--bystanders",
        "2",
        "--bystander",
        "stream",
    ]
    asked += ["--injectors", "1", "--injections-per-s", "1k", "--beside", "server"]
    for record in measured(run_dir, "latency", *asked):
        if "membarrier" in record["reason"]:
            pytest.skip(record["reason"])
        assert record["status"] == "ok", record["reason"]
        third = record["third_parties"]
        assert [(t["role"], t["index"]) for t in third] == [
            ("bystander", 0),
            ("bystander", 1),
            ("injector", 0),
        ]
        assert all(
            t["done"] > 0 and t["cpu"] == t["cpu_seen"] == record["roles"][1]["cpu"] for t in third
        )
        assert record["oversubscribed"]["roles"] == 5


def test_third_parties_are_refused_where_nothing_is_timed(run_dir):  # noqa: F811
    asked = [
        "run",
        "system_calls",
        "--transport",
        "pipe",
        "--wait",
        "block",
        "--bystanders",
        "1",
        *TINY,
        "--out",
        str(run_dir),
    ]
    assert ipcmark(*asked).returncode == 77
    assert {r["reason"] for r in records(run_dir)} == {
        "bystanders and injectors work while something is timed, and nothing is"
    }
