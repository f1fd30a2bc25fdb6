"""Gatewright, running: in this process over ASGI (`site`) and as a real server (`server`), from one seeded workspace."""
