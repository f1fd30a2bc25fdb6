import time
import uuid

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
