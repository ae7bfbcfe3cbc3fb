"""The table of instruments: names that Prometheus and OpenTelemetry accept, and labels that are bounded."""

from __future__ import annotations

import re

import pytest
from awaken.approvals import Via
from awaken.control.answering import Answerer
from awaken.metrics import labels
from awaken.metrics.instrument_kinds import Instrument, Kind
from awaken.metrics.instruments import ATTEMPTS, BY_NAME, INSTRUMENTS, RUN_DURATION, STORE_SIZE

each = pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.path)


def test_prometheus_names_follow_from_otel_names() -> None:
    names = [(row.otel_name, row.prometheus_name) for row in (ATTEMPTS, RUN_DURATION, STORE_SIZE)]

    assert names == [
        ("awaken.attempts", "awaken_attempts_total"),
        ("awaken.run.duration", "awaken_run_duration_seconds"),
        ("awaken.store.size", "awaken_store_size_bytes"),
    ]


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(INSTRUMENTS)
    assert len({row.prometheus_name for row in INSTRUMENTS}) == len(INSTRUMENTS)


@each
def test_name_is_accepted_by_both(instrument: Instrument) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", instrument.prometheus_name)
    assert re.fullmatch(r"awaken(\.[a-z]+(_[a-z]+)*)+", instrument.otel_name)
    assert re.fullmatch(r"s|By|\{[a-z]+\}", instrument.unit)


@each
def test_histogram_has_ascending_buckets(instrument: Instrument) -> None:
    assert bool(instrument.buckets) is (instrument.kind is Kind.HISTOGRAM)
    assert list(instrument.buckets) == sorted(set(instrument.buckets))


@each
def test_text_is_a_sentence_without_full_stop(instrument: Instrument) -> None:
    assert re.match(r"[A-Z0-9]|gRPC", instrument.about)
    assert not instrument.about.endswith(".")


@each
def test_labels_are_bounded(instrument: Instrument) -> None:
    for label in instrument.labels:
        of_application = label.name in ("service", "handler")
        assert of_application or label.values or label.most, f"{label.name} may have any number of values"
        assert label.name not in ("le", "quantile", "id", "key")


@pytest.mark.parametrize("via", Via)
def test_every_door_is_in_the_table(via: Via) -> None:
    assert Answerer("Ada", (), via, 0).door in labels.DOOR.values
    assert Answerer.of_api(0).door in labels.DOOR.values
