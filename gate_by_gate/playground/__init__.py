"""The playground: the trained networks run in the reader's browser, without a kernel and without a server."""
