"""What an administrator can do, for console, shell, `apply` and Admin API alike.

Each operation is a verb of the store: the change, its audit row and its `changes` row share one transaction.

    made = await database.write(clients.create, by, client, scopes=["IntScope"])

The second argument says who acts, and when. An operation raises Invalid (each wrong field named), NotFound or Conflict.
`read_…` functions turn what a form, JSON or YAML gives into a record, or raise Invalid.
"""
