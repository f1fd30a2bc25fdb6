"""The `gatewright` command. Holds no rules: it reads arguments, runs an operation of `admin`, and prints.

Each module of a command is imported when that command runs, and what is heavy inside the functions that need it.
"""
