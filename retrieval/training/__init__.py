"""Training: queries from a curriculum's own text, negatives, encoder, reranker, fusion, calibration and the gate."""
