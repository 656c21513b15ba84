"""Pages of a curriculum's parts, whatever their kind."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from google.protobuf.message import Message

from kg.curriculum import Concept, Curriculum, Misconception, Question, Resource
from server.curriculum_cache import CachedCurriculum, CurriculumCache
from server.names import CURRICULUM, parse_pair
from server.page_bytes import cut_page
from server.pages import Page, PagedRequest, read_page

Part = TypeVar("Part", Concept, Resource, Question, Misconception)
Entry = TypeVar("Entry", bound=Message)


class PartsRequest(PagedRequest, Protocol):
    """A request for a page of the parts of one kind."""

    parent: str
    show_archived: bool


@dataclass(frozen=True, slots=True)
class PartsPage(Generic[Part]):
    """A page of parts.

    Attributes:
        tenant: Id.
        cached: The curriculum that they are of.
        page: Which page it is.
        parts: Ascending by id, one more than fit where there is a next page.
    """

    tenant: str
    cached: CachedCurriculum
    page: Page
    parts: Sequence[Part]

    def cut(self, describe: Callable[[Part], Entry]) -> tuple[Sequence[Entry], str]:
        """Returns the messages that the page shows, and the token of the next page, empty on the last."""
        entries = [describe(part) for part in self.parts]
        return cut_page(self.page, self.parts, entries, lambda part: (part.id,))


async def read_parts(
    curricula: CurriculumCache, request: PartsRequest, select: Callable[[Curriculum], Sequence[Part]]
) -> PartsPage[Part]:
    """Reads the page that a request asks for, in time logarithmic in the number of parts (archived ones aside).

    Args:
        curricula: Where the curriculum is.
        request: Names the curriculum, the page, and whether archived parts are wanted.
        select: Takes the parts of a kind, ascending by id.

    Raises:
        InvalidInputError: parent or page are malformed.
        CurriculumNotFoundError: There is no such curriculum.
    """
    tenant, curriculum = parse_pair(request.parent, CURRICULUM, "parent")
    page = read_page(request)
    cached = await curricula.get(tenant, curriculum)
    parts = select(cached.curriculum)
    begin = bisect_right(parts, page.after_id, key=attrgetter("id"))
    wanted = (part for part in islice(parts, begin, None) if request.show_archived or not part.archived)
    return PartsPage(tenant, cached, page, list(islice(wanted, page.limit)))
