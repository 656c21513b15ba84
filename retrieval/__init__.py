"""Which concepts, passages, questions and misconceptions some words are about, how sure that is, and what says so."""
