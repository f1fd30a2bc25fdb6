"""Load with faults: `python -m tests.torture --help`, and in a short form among the tests."""
