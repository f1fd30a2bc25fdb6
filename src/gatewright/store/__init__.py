"""The store: what is kept. Verbs of the domain, written once in SQL that SQLite and PostgreSQL share.

A verb is a plain function whose first argument is a `Transaction`. `Database.read` and `Database.write` run it: on
SQLite in this process, on PostgreSQL over a pool. What a verb changes is on disk before `write` returns.
"""
