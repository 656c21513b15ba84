"""Plans for many learners: Parquet in, Parquet out, in parts that are done once and can be resumed."""
