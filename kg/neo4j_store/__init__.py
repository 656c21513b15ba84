"""The store for production: a knowledge graph in Neo4j."""

from kg.neo4j_store.store import Neo4jStore

__all__ = ["Neo4jStore"]
