"""HTTP: sockets to typed requests and back. The hot paths come before any framework."""
