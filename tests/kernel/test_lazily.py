import sys

import pytest

from gatewright.kernel.lazily import Lazily


def test_a_module_is_loaded_once_something_of_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    module = Lazily("this")
    assert "this" not in sys.modules
    assert len(module.d) == 52
    assert "this" in sys.modules


def test_what_a_module_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = Lazily("json").nonsense
