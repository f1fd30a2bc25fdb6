from tests.services.conftest import runtime

__all__ = ["runtime"]
