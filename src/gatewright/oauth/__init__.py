"""OAuth 2.0, pure protocol: one module per endpoint, grant or rule, in its RFC's order. No HTTP in here."""
