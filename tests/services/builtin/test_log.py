import json

import structlog


async def test_a_line_says_whose_it_is(pub) -> None:
    with structlog.testing.capture_logs() as lines:
        await pub("log:write", message="stock low", level="error", data={"sku": "a"})
    (line,) = [line for line in lines if line.get("message") == "stock low"]
    assert (line["log_level"], line["subject"], line["client"], json.loads(line["data"])) == (
        "error",
        "u1",
        "c1",
        {"sku": "a"},
    )


async def test_long_lines_are_cut_and_a_line_stays_one(pub) -> None:
    with structlog.testing.capture_logs() as lines:
        await pub("log:write", message="x\n" * 10_000, level="error", data={"a": "y" * 10_000})
    (line,) = [line for line in lines if "message" in line]
    assert max(len(line["message"]), len(line["data"])) <= 4_001


async def test_what_cannot_be_logged_is_refused(refused) -> None:
    await refused("log:write", message=" ")
    await refused("log:write", message="a", level="fatal")
