"""The Admin API, `/admin/v1`: what the console does, as REST operations that one table describes and OpenAPI tells of."""
