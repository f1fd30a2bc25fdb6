"""The kernel: clock, ids, secrets, errors, settings types. Imports nothing of Gatewright above it."""
