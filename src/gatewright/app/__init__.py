"""The composition root: parts, settings, the server's processes."""
