"""Planning on integer arrays: kernels that are compiled where they can be and run as they are where not."""
