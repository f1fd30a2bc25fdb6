"""Built-in services, `pub.*`: each module is a folder, each function marked in it a service (docs/builtins.md)."""
