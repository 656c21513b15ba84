"""Names of resources (AIP-122): taken apart, and put together."""

from kg.identifiers import parse_name

TENANT = "tenants/*"
CURRICULUM = "tenants/*/curricula/*"
CONCEPT = "tenants/*/curricula/*/concepts/*"
RESOURCE = "tenants/*/curricula/*/resources/*"
QUESTION = "tenants/*/curricula/*/questions/*"
MISCONCEPTION = "tenants/*/curricula/*/misconceptions/*"
RANKER = "tenants/*/curricula/*/rankers/*"
LEARNER = "tenants/*/learners/*"
SESSION = "tenants/*/learners/*/sessions/*"
EVIDENCE = "tenants/*/learners/*/evidence/*"
PLAN = "tenants/*/learners/*/plans/*"
OPERATION = "tenants/*/operations/*"


def parse_tenant(name: str, field: str = "parent") -> str:
    """Returns the tenant of `tenants/{tenant}`; raises InvalidInputError for `field`."""
    (tenant,) = parse_name(name, TENANT, field)
    return tenant


def parse_pair(name: str, pattern: str, field: str = "name") -> tuple[str, str]:
    """Returns the two ids of a name such as `CURRICULUM`, `LEARNER` or `OPERATION`; raises InvalidInputError."""
    tenant, identifier = parse_name(name, pattern, field)
    return tenant, identifier


def parse_triple(name: str, pattern: str, field: str = "name") -> tuple[str, str, str]:
    """Returns the three ids of a name such as `CONCEPT`, `EVIDENCE` or `PLAN`; raises InvalidInputError."""
    tenant, owner, identifier = parse_name(name, pattern, field)
    return tenant, owner, identifier


def make_name(pattern: str, *ids: str) -> str:
    """Puts a name together: `make_name(LEARNER, "t", "l")` is `tenants/t/learners/l`."""
    rest = iter(ids)
    return "/".join(next(rest) if part == "*" else part for part in pattern.split("/"))
