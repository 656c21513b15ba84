"""What a store keeps so that a curriculum can be searched: vectors, indexes and trained rankers.

Vectors are kept by the hash of the text that they stand for, under the fingerprint of the encoder that made them. So
what has not changed is never encoded again, and an index is no more than the record that says which texts, by which
encoder, are complete.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRecord:
    """A complete index; it is written after its last vector, so that a half made one has no record.

    Attributes:
        curriculum: Id of the curriculum.
        ranker: Id of the ranker that it is searched with, unique in the curriculum.
        encoder: Fingerprint of the encoder that made its vectors, hexadecimal.
        documents: Fingerprint of the texts that have a vector, hexadecimal.
        count: Number of vectors.
        dimension: Entries of each vector.
        built_at: Microseconds since 1970 UTC.
    """

    curriculum: str
    ranker: str
    encoder: str
    documents: str
    count: int
    dimension: int
    built_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRanker:
    """A ranker that was trained for a curriculum.

    Attributes:
        curriculum: Id of the curriculum.
        id: Unique in the curriculum.
        created_at: Microseconds since 1970 UTC.
        body: Its description as JSON, which only retrieval reads.
        weights: Its adapters, in a form that only retrieval reads; may be empty.
    """

    curriculum: str
    id: str
    created_at: int
    body: str
    weights: bytes
