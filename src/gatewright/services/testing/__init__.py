"""Tests beside services: `*.test.yaml` files, read, run and explained (docs/testing.md)."""

from gatewright.services.testing.cases import Case
from gatewright.services.testing.cases import read_cases
from gatewright.services.testing.files import TEST
from gatewright.services.testing.files import files_of
from gatewright.services.testing.files import read_tests
from gatewright.services.testing.files import run_tests
from gatewright.services.testing.runner import Result
from gatewright.services.testing.runner import run_case

__all__ = ["TEST", "Case", "Result", "files_of", "read_cases", "read_tests", "run_case", "run_tests"]
