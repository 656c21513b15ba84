"""The stream of an import: what is to be imported, and the archive in chunks; then what is in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumRequest, ImportCurriculumStart
from kg.archives import unpack
from kg.errors import LimitExceededError, refuse
from kg.identifiers import check_id
from kg.importers.draft import Metadata
from kg.importers.formats import read_draft
from kg.validation import Checked, Repairs, validate
from server.names import parse_tenant

CHUNK_BYTES = 1024 * 1024
ARCHIVE_BYTES = 64 * 1024 * 1024

_FORMATS = {
    ImportCurriculumStart.YAML: "yaml",
    ImportCurriculumStart.CSV: "csv",
    ImportCurriculumStart.METACADEMY: "metacademy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What is to be imported and how.

    Attributes:
        tenant: Id.
        curriculum: Id, new or existing.
        form: Key of `kg.importers.formats.PARSERS`.
        validate_only: Nothing is to be written.
        repairs: What may be repaired.
        metadata: Texts that win over those of the files.
    """

    tenant: str
    curriculum: str
    form: str
    validate_only: bool
    repairs: Repairs
    metadata: Metadata


async def read_stream(requests: AsyncIterator[ImportCurriculumRequest]) -> tuple[ImportOrder, bytes]:
    """Reads the whole stream.

    Returns:
        The order and the archive.

    Raises:
        InvalidInputError: A message is not what has to come in its place.
        LimitExceededError: The archive is larger than 64 MiB.
    """
    order: ImportOrder | None = None
    archive = bytearray()
    async for request in requests:
        payload = request.WhichOneof("payload")
        if order is None:
            if payload != "start":
                raise refuse("start", "must be the first message's payload")
            order = _read_start(request.start)
        elif payload != "chunk":
            raise refuse("chunk", "must be the payload of every message after the first")
        else:
            _add_chunk(archive, request.chunk)
    if order is None:
        raise refuse("start", "must be the first message's payload, and there was no message")
    return order, bytes(archive)


def _add_chunk(archive: bytearray, chunk: bytes) -> None:
    if len(chunk) > CHUNK_BYTES:
        raise refuse("chunk", f"must have at most {CHUNK_BYTES} bytes a message, not {len(chunk)}")
    if len(archive) + len(chunk) > ARCHIVE_BYTES:
        raise LimitExceededError(f"an archive may have at most {ARCHIVE_BYTES} bytes")
    archive += chunk


def _read_start(start: ImportCurriculumStart) -> ImportOrder:
    form = _FORMATS.get(start.format)
    if form is None:
        raise refuse("start.format", f"must be one of {', '.join(name.upper() for name in _FORMATS.values())}")
    given = start.curriculum
    return ImportOrder(
        tenant=parse_tenant(start.parent, "start.parent"),
        curriculum=check_id(start.curriculum_id, "start.curriculum_id"),
        form=form,
        validate_only=start.validate_only,
        repairs=Repairs(drop_dangling=start.drop_dangling, break_cycles=start.break_cycles),
        metadata=Metadata(
            title=given.title,
            description=given.description,
            language=given.language,
            licence=given.licence,
            attribution=given.attribution,
            source_url=given.source_url,
        ),
    )


def check_archive(order: ImportOrder, archive: bytes) -> Checked:
    """Unpacks, reads and checks an archive; takes seconds where it is large, so run it in the executor.

    Raises:
        InvalidInputError: It is no archive that may be unpacked.
        LimitExceededError: It holds too much.
    """
    draft = read_draft(order.form, unpack(archive), order.curriculum, order.metadata)
    return validate(draft, order.repairs)
