"""The command line: a client of the same RPCs that everybody else uses."""
