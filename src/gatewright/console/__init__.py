"""The administrators' console: server-rendered pages, their look and their scripts."""
