"""The embedded store: one SQLite file, durable on acknowledgement."""
