"""The benchmark: what a request costs the server, beside its peers, in one interleaved run (`make bench`)."""
