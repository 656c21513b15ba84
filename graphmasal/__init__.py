"""GraphMASAL's public package: the generated API `graphmasal.v1`, a thin client and the command line."""
