"""Forms that a model answers in: the JSON schema that it is told, and the reading of what it answers."""

import json
import re
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from tutoring.models.chat_model import Judgement

_FENCED: Final = re.compile(r"```\w*\s*(\{.*\})\s*```", re.DOTALL)
_MOST_COMPLAINTS: Final = 5
# Their values are schemas by names that somebody chose, which may look like keywords.
_NAMED: Final = ("properties", "$defs")
# Say nothing to a model, or are refused where schemas are enforced.
_LEFT_OUT: Final = ("title", "default")


class MisfitError(Exception):
    """An answer does not fit its form; the message says where, without repeating the answer."""


def describe_form(form: type[BaseModel]) -> dict[str, Any]:
    """Returns a form's JSON schema, closed: every property is required and there are no others.

    Providers that hold a model to a schema ask for closed ones; a default is then the model's to give.
    """
    closed: dict[str, Any] = _close(form.model_json_schema())
    return closed


def ask_for_form(form: type[BaseModel]) -> str:
    """Says in words what `describe_form` says, for a model that is not held to it."""
    schema = json.dumps(describe_form(form), ensure_ascii=False)
    return f"Answer with one JSON object and nothing else. It must fit this JSON schema: {schema}"


def ask_again(form: type[BaseModel], misfit: MisfitError) -> str:
    """Says what is wrong with an answer, and asks for another."""
    return f"That does not fit: {misfit}. {ask_for_form(form)}"


def read_form(text: str, form: type[Judgement]) -> Judgement:
    """Reads an answer: a JSON object, with or without a code fence or words around it.

    Raises:
        MisfitError: There is none, or it does not fit.
    """
    try:
        return form.model_validate_json(_find_object(text))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        complaints = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in details]
        raise MisfitError("; ".join(complaints[:_MOST_COMPLAINTS])) from None


def _find_object(text: str) -> str:
    fenced = _FENCED.search(text)
    if fenced:
        return fenced[1]
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def _close(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_close(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {
        key: {name: _close(part) for name, part in value.items()} if key in _NAMED else _close(value)
        for key, value in schema.items()
        if key not in _LEFT_OUT
    }
    if "properties" in closed:
        closed |= {"required": list(closed["properties"]), "additionalProperties": False}
    return closed
