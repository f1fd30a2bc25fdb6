"""OpenAPI 3 and Swagger 2.0, as far as calling an operation needs them."""
