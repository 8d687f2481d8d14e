"""The figures in the text form that Prometheus reads. Names end in their unit; times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from cebd import __version__
from cebd.metrics.figures import Figures
from cebd.metrics.meter import BOUNDS
from cebd.store.conditions import Party

PIN_REFUSED = ("CEBD-1502", "CEBD-1536")  # the second: none is shown any more, so that the token does not lock


def exposition(figures: Figures, *, is_well: bool) -> bytes:
    """All metrics. `is_well`: the work goes round and the store answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Made([*_metrics(figures, is_well)]))
    return generate_latest(registry)


class _Made(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _metrics(figures: Figures, is_well: bool) -> Iterator[Metric]:
    yield InfoMetricFamily("cebd_build", "The version that runs.", {"version": __version__})
    yield _gauge("cebd_up", "1 while the work goes round and the store answers.", float(is_well))
    records = _family("cebd_records", "Documents by type and outcome.", "type", "state")
    for (type_, state), count in sorted(figures.records.items()):
        records.add_metric([type_, state], count)
    yield records
    files = _family("cebd_files_open", "Files that are being taken, converted or put away.", "state")
    for drop_state, count in sorted(figures.store.files.items()):
        files.add_metric([drop_state], count)
    yield files
    yield from _queues(figures)
    unanswered = _family("cebd_unanswered_oldest_timestamp_seconds", "When the oldest unanswered message was sent.")
    if figures.store.unanswered is not None:
        unanswered.add_metric([], _seconds(figures.store.unanswered))
    yield unanswered
    yield _gauge("cebd_outbox_behind_files", "Files whose receipts are behind the store.", figures.store.behind)
    yield from _tokens(figures)
    yield from _lines(figures)
    yield _gauge(
        "cebd_clock_ahead_seconds", "How far our clock is proved to be ahead of customs'; 0: it agrees.", figures.ahead
    )
    problems = _family("cebd_problems", "Troubles that stand, by whose matter they are; notes are left out.", "party")
    for party in Party:
        standing = [one for one in figures.conditions if one.party is party and one.problem.severity != "notice"]
        problems.add_metric([party], len(standing))
    yield problems
    backup = _family("cebd_backup_last_timestamp_seconds", "When the store was backed up last.")
    if figures.backed_up is not None:
        backup.add_metric([], figures.backed_up.timestamp())
    yield backup


def _queues(figures: Figures) -> Iterator[Metric]:
    depth = _family("cebd_queue_messages", "Messages that wait, by state and signer or channel.", "state", "way")
    oldest = _family("cebd_queue_oldest_timestamp_seconds", "When the oldest of them was made.", "state", "way")
    for queue in figures.store.queues:
        depth.add_metric([queue.state, queue.way], queue.depth)
        oldest.add_metric([queue.state, queue.way], _seconds(queue.oldest))
    yield depth
    yield oldest


def _tokens(figures: Figures) -> Iterator[Metric]:
    standing = {condition.key: condition.problem.id for condition in figures.conditions}
    up = _family("cebd_token_up", "1 while the signer can be used.", "signer")
    refused = _family(
        "cebd_token_pin_tries_low",
        "1 where a PIN was refused, or the token says that a wrong one was entered: another may lock the card.",
        "signer",
    )
    last = _family(
        "cebd_token_pin_last_try", "1 where the token says that one more wrong PIN locks it, or is locked.", "signer"
    )
    left = _family(
        "cebd_token_pin_tries_left", "How many tries the token says are left, where it counts aloud.", "signer"
    )
    for signer in figures.signers:
        up.add_metric([signer], float(f"signer:{signer}" not in standing))
        tries = figures.tries.get(signer)
        is_low = standing.get(f"signer:{signer}") in PIN_REFUSED or (tries is not None and tries.is_low)
        refused.add_metric([signer], float(is_low))
        if tries is not None:
            last.add_metric([signer], float(tries.is_last))
            if tries.left is not None:
                left.add_metric([signer], tries.left)
    yield up
    yield refused
    yield last
    yield left
    ends = _family("cebd_certificate_end_timestamp_seconds", "When the signer's certificate ends.", "signer")
    for signer, end in sorted(figures.certificates.items()):
        ends.add_metric([signer], _seconds(end))
    yield ends
    took = HistogramMetricFamily("cebd_sign_seconds", "How long a signature took.", labels=["signer"])
    for signer, signatures in sorted(figures.signatures.items()):
        total, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), signatures.counts, strict=True):
            total += count
            buckets.append((bound, total))
        took.add_metric([signer], buckets, signatures.seconds)
    yield took


def _lines(figures: Figures) -> Iterator[Metric]:
    standing = {condition.key for condition in figures.conditions}
    up = _family("cebd_channel_up", "1 while the channel can be reached.", "channel")
    heard = _family("cebd_last_contact_timestamp_seconds", "When the channel answered last.", "channel")
    for channel in figures.channels:
        up.add_metric([channel], float(f"channel:{channel}" not in standing))
        if channel in figures.contacts:
            heard.add_metric([channel], figures.contacts[channel])
    yield up
    yield heard


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=list(labels))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
