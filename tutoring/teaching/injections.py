"""Instructions hidden in words or course material: the obvious ones are found, and what holds them is left out."""

import re
from typing import Final

from retrieval.passages import split_sentences

_RULES: Final = r"(?:rules?|instructions?|prompts?|guidelines?|restrictions?|guardrails?|polic(?:y|ies)|directions?)"
_PATTERN: Final = re.compile(
    "|".join(
        (
            rf"\b(?:ignore|disregard|forget|override|bypass|drop|skip|stop following|don'?t follow)\b[^.?!\n]{{0,40}}"
            rf"\b(?:{_RULES}|everything (?:above|before)|(?:all|what) (?:is|was) above)\b",
            r"\b(?:reveal|print|show|repeat|output|leak|tell me)\b[^.?!\n]{0,30}\b(?:system|hidden|initial|secret)\b"
            r"[^.?!\n]{0,20}\b(?:prompt|message|instructions?|rules?)\b",
            r"\b(?:new|updated|real|actual) (?:system )?(?:instructions?|prompt|rules)\b\s*[:\-]",
            r"\b(?:notes?|messages?|instructions?) (?:to|for) (?:the )?(?:tutor|assistant|ai|model|bot)\b",
            r"\b(?:tell|give|show|reveal)\b[^.?!\n]{0,20}\bthe (?:learner|student|pupil)s?\b[^.?!\n]{0,40}\banswers?\b",
            r"(?:^\W*|[\"“'])(?:system|assistant|developer|tutor|ai)\s*(?:message|prompt|note)?\s*:",
            r"\b(?:repeat|recite|echo)\b[^.?!\n]{0,30}\b(?:assistant|chatbot|bot|ai|prompt|instructions?)\b",
            r"<\|?/?\s*(?:system|im_start|im_end|assistant|inst|source|learner|notes)\b|\[/?INST\]|###\s*(?:system|instruction)",
            r"\byou are (?:now|no longer)\b|\bfrom now on,? (?:you|act|answer|reply|respond|always)\b",
            r"\b(?:developer|debug|god|admin|dan|jailbreak|unrestricted|maintenance) mode\b",
            r"\b(?:pretend|imagine|act|behave|role-?play)\b[^.?!\n]{0,40}\b(?:you(?:'re| are| have| were)?|as|no)\b"
            r"[^.?!\n]{0,40}\b(?:no (?:rules|restrictions|limits)|without (?:rules|restrictions)|not a tutor"
            r"|unrestricted|answers? (?:key|machine|bot)|calculator)\b",
            r"\b(?:ai|assistant|model|tutor|chatbot|language model)s?\b[^.?!\n]{0,40}"
            r"\b(?:must|should|shall|has to|have to)\b[^.?!\n]{0,40}"
            r"\b(?:reveal|tell|say|give|answer|output|print|reply|respond|write|state)\b",
            r"\b(?:say|reply|respond|answer|begin|start|end|write|output)\b[^.?!\n]{0,25}\b(?:exactly|only|with|every)\b"
            r"[^.?!\n]{0,25}(?:\b(?:the )?words?\b|\bphrase\b|[\"“'][^\"”']+[\"”'])",
        )
    ),
    re.IGNORECASE | re.MULTILINE,
)


def find_injection(text: str) -> str:
    """Returns the first sentence that gives an instruction to whoever processes the text; empty: there is none.

    Only what is put in the usual words is found; that data is marked as data in a prompt does not depend on it.
    """
    for span in split_sentences(text):
        sentence = text[span.start : span.end]
        if _PATTERN.search(sentence):
            return sentence
    return ""


def leave_out_injections(text: str) -> str:
    """Returns a text without the sentences that hold such an instruction."""
    if not _PATTERN.search(text):
        return text
    sentences = [text[span.start : span.end] for span in split_sentences(text)]
    return " ".join(sentence for sentence in sentences if not _PATTERN.search(sentence))
