"""What went wrong between us and a provider, whatever library says so, in words that repeat nothing of a prompt."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

# 408 and 425 ask for another try; 409 is a lock that some servers hold while they load a model.
_PASSING: Final = frozenset({408, 409, 425, 429})
_NOT_TAKEN: Final = frozenset({400, 415, 422, 501})
_WORDS: Final = {
    401: "refused the API key",
    403: "refused the API key",
    404: "knows no such model or address",
    429: "takes no further requests for now",
}
# Errors of code, ours or a library's; what is none of these and has no status is trouble on the way.
_OF_CODE: Final = (TypeError, ValueError, LookupError, AttributeError, NotImplementedError, ImportError)
_STABLE_WORD: Final = re.compile(r"[A-Za-z]\w{1,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a try failed.

    Attributes:
        text: What the provider did, as the rest of a sentence that begins with its name.
        passing: Another try may succeed.
        not_taken: What was asked for, or how, is not taken; asking for less may succeed.
        wait: Seconds that the provider wants to be left alone; 0: it does not say.
    """

    text: str
    passing: bool = False
    not_taken: bool = False
    wait: float = 0.0


def read_failure(error: BaseException) -> Failure:
    """Reads what a provider's library raised.

    The provider's own message is left out: it may repeat what was asked. Its error code, a single word, is kept.
    """
    status = _find_status(error)
    if status is not None:
        return Failure(
            text=f"{_describe(status)} ({', '.join([str(status), *_find_words(error)])})",
            passing=status in _PASSING or (status >= 500 and status not in _NOT_TAKEN),
            not_taken=status in _NOT_TAKEN,
            wait=_find_wait(error),
        )
    if isinstance(error, TimeoutError):
        return Failure(text="said nothing for too long", passing=True)
    name = type(error).__name__
    if isinstance(error, _OF_CODE):
        return Failure(text=f"cannot be asked so, or its answer cannot be read ({name})", not_taken=True)
    passing = getattr(error, "is_retryable", True)
    return Failure(text=f"cannot be reached, or broke off ({name})", passing=bool(passing))


def _describe(status: int) -> str:
    return _WORDS.get(status) or ("failed" if status >= 500 else "did not take the request")


def _list_sources(error: BaseException) -> list[Any]:
    """Where libraries keep what HTTP said; some wrap the error that has it."""
    errors = (error, error.__cause__)
    return [*errors, *(getattr(each, "response", None) for each in errors)]


def _find_status(error: BaseException) -> int | None:
    for source in _list_sources(error):
        for name in ("status_code", "code"):
            status = getattr(source, name, None)
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def _find_words(error: BaseException) -> list[str]:
    words = [getattr(error, name, None) for name in ("code", "type")]
    return [word for word in words if isinstance(word, str) and _STABLE_WORD.fullmatch(word)][:1]


def _find_wait(error: BaseException) -> float:
    headers = [getattr(source, "headers", None) or {} for source in _list_sources(error)]
    asked = next((each["retry-after"] for each in headers if "retry-after" in each), "0")
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return 0.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else 0.0
