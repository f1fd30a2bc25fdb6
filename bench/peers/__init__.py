"""Other people's servers, measured beside ours: each in a file of its own, run in an environment of its own."""
