import uuid

import pytest

# RFC 4231 §4.3 (test case 2)
KEY, DATA = "Jefe", "what do ya want for nothing?"
CODE = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


async def test_digests_and_codes_are_those_of_the_standards(pub) -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, "abc"
    assert await pub("crypto:hash", text="abc") == abc
    assert (
        await pub("crypto:hash", text="616263", given="hex", encoding="base64")
        == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    )
    assert await pub("crypto:hmac", text=DATA, key=KEY) == CODE
    assert await pub("crypto:hmac", text=DATA, key="SmVmZQ", key_given="base64url") == CODE


async def test_codes_are_verified_and_nonsense_is_just_wrong(pub) -> None:
    assert await pub("crypto:verify_hmac", text=DATA, key=KEY, code=CODE) is True
    assert await pub("crypto:verify_hmac", text=DATA, key=KEY, code=CODE.upper()) is True
    for code in ("", CODE[:-2], CODE[:-1] + "4", "ä", "zz", "sha256=" + CODE, "\x00"):
        assert await pub("crypto:verify_hmac", text=DATA, key=KEY, code=code) is False, code


async def test_texts_are_compared_and_encoded(pub) -> None:
    assert await pub("crypto:equal", first="ä", second="ä") is True
    assert await pub("crypto:equal", first="a", second="ab") is False
    # RFC 4648 §10, and §5's alphabet
    assert await pub("crypto:encode", text="foobar") == "Zm9vYmFy"
    assert await pub("crypto:encode", text="ff fe", given="hex", encoding="base64url") == "__4"
    assert await pub("crypto:decode", text="Zm9v") == "foo"
    assert await pub("crypto:decode", text="5pel5pys", encoding="base64url") == "日本"
    assert await pub("crypto:decode", text="c3a4", encoding="hex") == "ä"


async def test_random_values_differ(pub) -> None:
    made = [await pub("crypto:uuid", version=7) for _ in range(3)]
    assert ([uuid.UUID(each).version for each in made], sorted(made)) == ([7, 7, 7], made)
    assert uuid.UUID(await pub("crypto:uuid")).version == 4
    assert len({await pub("crypto:random", size=16, encoding="hex") for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("hmac", {"text": "a", "key": ""}),
        ("hmac", {"text": "a", "key": "b", "algorithm": "md5"}),
        ("hash", {"text": "a", "algorithm": "crc32"}),
        ("decode", {"text": "a"}),
        ("decode", {"text": "Zm9v\n!"}),
        ("decode", {"text": "zz", "encoding": "hex"}),
        ("decode", {"text": "/w=="}),
        ("random", {"size": 0}),
        ("random", {"size": 10**9}),
        ("uuid", {"version": 1}),
    ],
)
async def test_what_cannot_be_done_is_refused(refused, name, arguments) -> None:
    await refused(f"crypto:{name}", **arguments)
