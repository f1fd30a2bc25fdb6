"""Where a server falls short of the OAuth 2.0 Security Best Current Practice (RFC 9700) and of OAuth 2.1, and the mend.

`configuration` reads what is kept; `server_requests` and `client_requests` ask the running server, as a stranger could.
"""
