"""Gatewright: an integration server whose APIs are secured by OAuth 2.0."""

__version__ = "0.1.0"
