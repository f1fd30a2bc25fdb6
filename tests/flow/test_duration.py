import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.flow.duration import parse_duration


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("PT5S", 5),
        ("PT0.25S", 0.25),
        ("PT1,5S", 1.5),
        ("P1DT2H3M4S", 93_784),
        ("P2W", 1_209_600),
        (" PT1M ", 60),
        ({"days": 1, "hours": 2, "minutes": 3, "seconds": 4, "milliseconds": 5}, 93_784.005),
        ({"milliseconds": 1}, 0.001),
        ({"seconds": 0}, 0),
        ({"seconds": 1.5}, 1.5),
    ],
)
def test_a_duration_is_iso_8601_or_a_mapping_of_units(value, seconds):
    assert parse_duration(value) == pytest.approx(seconds)


NOT_ISO = ["", "P", "PT", "P1", "5S", "PT5", "P1M", "P1Y", "-PT1S", "PT-1S", "PT1H1H", "P500D"]
NO_MAPPING = [{}, {"hour": 1}, {"seconds": -1}, {"seconds": True}, {"seconds": "1"}, {"seconds": None}, {"days": 400}]


@pytest.mark.parametrize("value", [*NOT_ISO, *NO_MAPPING, {"seconds": float("nan")}, None, 5, [], True])
def test_anything_else_is_refused_with_a_sentence(value):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(value)


@given(st.integers(0, 300), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_both_forms_agree(days, hours, minutes, seconds):
    mapping = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
    assert parse_duration(f"P{days}DT{hours}H{minutes}M{seconds}S") == parse_duration(mapping)


@given(st.text("PT0123456789DHMSW.,- "))
def test_any_text_is_a_duration_of_at_most_a_year_or_refused(text):
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0 <= seconds <= 31_622_400
