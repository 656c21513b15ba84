"""How found documents and the reasons for their places look."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from graphmasal.cli.output import make_table, print_credit
from graphmasal.v1.retrieval_pb2 import Citation, DocumentKind, SearchResult, StageReport, StageVerdict
from graphmasal.v1.retrieval_service_pb2 import ExplainRankingResponse, SearchConceptsResponse

_WIDTH = 12
_LONGEST = 160
_CITED = 3


def print_search(console: Console, response: SearchConceptsResponse) -> None:
    """Prints what was found, kind by kind, and which stages took part."""
    for none in response.none_of_these:
        _print_kind(console, none.kind, none.probability, response)
    _print_stages(console, response.stages)
    cited = [result.citation for result in response.results if result.HasField("citation")]
    for licence, attribution in dict.fromkeys((each.licence, each.attribution) for each in cited):
        print_credit(console, licence, attribution)


def _print_kind(console: Console, kind: int, none: float, response: SearchConceptsResponse) -> None:
    table = make_table("", "id", DocumentKind.Name(kind).lower(), "probability", "scores")
    found = [result for result in response.results if result.kind == kind]
    for place, result in enumerate(found, start=1):
        title = f"{result.title} (exact)" if result.exact else result.title
        table.add_row(str(place), result.document, title, _bar(result.probability), describe_scores(result))
    table.add_row("", "", Text("none of these", "italic"), _bar(none), "")
    console.print(table)
    for place, result in enumerate(found[:_CITED], start=1):
        if result.HasField("citation"):
            console.print(f"{place}: {_cite(result)}")


def _bar(probability: float) -> Text:
    filled = round(probability * _WIDTH)
    bar = Text.assemble(("█" * filled, "cyan"), ("·" * (_WIDTH - filled), "dim"), f" {probability:.2f}")
    bar.no_wrap = True
    return bar


def describe_scores(result: SearchResult) -> str:
    """Every score that went into a result, in one line."""
    scores = result.scores
    parts = [f"bm25 {scores.lexical:.2f}"]
    parts += [
        f"{name} {getattr(scores, name):.2f}" for name in ("dense", "reranker", "frontier") if scores.HasField(name)
    ]
    return ", ".join(parts)


def _cite(result: SearchResult) -> str:
    text = result.citation.text
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"“{shown}” {describe_place(result.citation)}"


def describe_place(citation: Citation) -> str:
    """Where a passage stands, such as `(resources/lesson, “Rise over run”, 0-120)`."""
    name = citation.resource or citation.concept
    short = "/".join(name.split("/")[-2:])
    section = f", “{citation.section}”" if citation.section else ""
    return f"({short}{section}, {citation.start}-{citation.end})"


def print_explanation(console: Console, explained: ExplainRankingResponse) -> None:
    """Prints why a document has its place."""
    result = explained.result
    console.print(f"Why “{result.title}” is where it is", style="bold")
    console.print(explained.text)
    if explained.contributions:
        table = make_table("score", "value>", "weight>", "adds>", "place by it>")
        for part in explained.contributions:
            adds = part.score * part.weight
            table.add_row(part.stage, f"{part.score:.3f}", f"{part.weight:.3f}", f"{adds:.3f}", str(part.rank))
        console.print(table)
    if explained.terms:
        console.print("Words: " + ", ".join(f"{term.term} {term.score:.2f}" for term in explained.terms))
    _print_stages(console, explained.stages)
    print_verdicts(console, explained.verdicts)


def _print_stages(console: Console, stages: Iterable[StageReport]) -> None:
    for stage in stages:
        mark = "used" if stage.used else "not used"
        console.print(f"{stage.stage}: {mark}: {stage.reason}", style="dim")


def print_verdicts(console: Console, verdicts: Sequence[StageVerdict]) -> None:
    """Prints how the gate judged the ranker's stages; nothing where none was trained."""
    if not verdicts:
        return
    table = make_table("stage", "used", "measure", "without>", "with>", "difference, 95 %", "queries>", "why")
    for verdict in verdicts:
        table.add_row(
            verdict.stage,
            "yes" if verdict.passed else "no",
            verdict.metric,
            f"{verdict.without:.3f}",
            f"{verdict.with_stage:.3f}",
            f"[{verdict.low:+.3f}, {verdict.high:+.3f}]",
            str(verdict.queries),
            verdict.reason,
        )
    console.print(table)
