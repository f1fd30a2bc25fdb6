import pytest


@pytest.mark.parametrize(
    ("name", "arguments", "output"),
    [
        ("add", {"numbers": [0.1, 0.2]}, 0.3),
        ("add", {"numbers": ["19.90", 5, "0.10"]}, 25),
        ("add", {"numbers": []}, 0),
        ("subtract", {"number": 1, "by": "0.9"}, 0.1),
        ("multiply", {"numbers": [3, "1.1"]}, 3.3),
        ("divide", {"number": 1, "by": 8}, 0.125),
        ("round", {"number": 2.5}, 3),
        ("round", {"number": 2.675, "digits": 2}, 2.68),
        ("round", {"number": 2.5, "mode": "half_even"}, 2),
        ("round", {"number": -2.1, "mode": "floor"}, -3),
        ("round", {"number": -2.1, "mode": "ceiling"}, -2),
        ("round", {"number": "-2.9", "mode": "down"}, -2),
        ("average", {"numbers": [1, 2, "4.5"]}, 2.5),
        ("average", {"numbers": []}, None),
        ("smallest", {"numbers": [3, "1.5", 2]}, 1.5),
        ("largest", {"numbers": []}, None),
        ("largest", {"numbers": [1, 2**60]}, float(2**60)),
        ("absolute", {"number": -0.5}, 0.5),
    ],
)
async def test_numbers_are_calculated_as_decimals(pub, name, arguments, output) -> None:
    assert await pub(f"math:{name}", **arguments) == output


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("divide", {"number": 1, "by": 0}),
        ("divide", {"number": 1, "by": "0.0"}),
        ("add", {"numbers": ["one"]}),
        ("add", {"numbers": ["NaN"]}),
        ("add", {"numbers": ["Infinity"]}),
        ("add", {"numbers": ["1e999999999"]}),
        ("add", {"numbers": ["1" * 1000]}),
        ("add", {"numbers": [True]}),
        ("multiply", {"numbers": ["1e290"] * 10}),
        ("multiply", {"numbers": ["1e200", "1e200"]}),
        ("divide", {"number": "1e200", "by": "1e-200"}),
        ("round", {"number": 1e200, "digits": 2}),
        ("round", {"number": 1, "digits": 100}),
        ("round", {"number": 1, "mode": "up and away"}),
        ("random", {"low": 2, "high": 1}),
        ("random", {"low": 0, "high": 2**60}),
    ],
)
async def test_what_is_no_number_is_refused(refused, name, arguments) -> None:
    await refused(f"math:{name}", **arguments)


async def test_random_numbers_are_in_their_range(pub) -> None:
    assert {await pub("math:random", low=1, high=3) for _ in range(100)} == {1, 2, 3}
