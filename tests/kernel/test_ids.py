import time
import uuid

import pytest

from gatewright.kernel.ids import row_id


def test_row_ids_are_uuids_of_version_seven_and_the_rfc_variant() -> None:
    found = {uuid.UUID(row_id()) for _ in range(200)}
    assert len(found) == 200
    assert all((each.version, each.variant) == (7, uuid.RFC_4122) for each in found)


def test_row_id_begins_with_the_milliseconds_since_the_epoch() -> None:
    before = time.time_ns() // 1_000_000
    milliseconds = uuid.UUID(row_id()).int >> 80
    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_row_id_is_written_with_lower_case_digits_and_hyphens() -> None:
    text = row_id()
    assert text == str(uuid.UUID(text))


def test_row_ids_sort_in_the_order_in_which_a_process_makes_them() -> None:
    made = [row_id() for _ in range(5000)]
    assert sorted(made) == made


def test_row_ids_go_on_growing_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = row_id()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert row_id() > before
