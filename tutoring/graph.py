"""The conversation as a graph: route, then those of the three agents that the turn needs."""

from typing import Any, Final, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from tutoring.diagnosis.diagnostician import diagnose
from tutoring.events import Route
from tutoring.routing import route
from tutoring.state import TutorState
from tutoring.surroundings import Surroundings
from tutoring.teaching.tutor import teach
from tutoring.wishes.planning import plan

ROUTE: Final = "route"
DIAGNOSE: Final = "diagnose"
PLAN: Final = "plan"
TEACH: Final = "teach"

STEPS: Final = 4
"""Most nodes that a turn visits."""

Graph = CompiledStateGraph[TutorState, Surroundings, TutorState, TutorState]

_FIRST: Final = {
    Route.ANSWER: DIAGNOSE,
    Route.CLARIFICATION: DIAGNOSE,
    Route.TROUBLE: DIAGNOSE,
    Route.NEXT: PLAN,
    Route.WISH: PLAN,
}
_GRADED: Final = frozenset({"right", "wrong", "confirmed"})
"""Outcomes that changed what is known about the learner, so that a plan may have to change too."""


class Node(Protocol):
    """An agent: it reads the state and returns what changes in it."""

    async def __call__(self, state: TutorState, runtime: Runtime[Surroundings]) -> TutorState:
        """Does its part of the turn."""


def build_graph(saver: BaseCheckpointSaver[Any]) -> Graph:
    """Puts the graph together; takes half a millisecond.

    Args:
        saver: Keeps the state, between turns and after each node.
    """
    graph = StateGraph(TutorState, context_schema=Surroundings)
    for name, node in ((ROUTE, route), (DIAGNOSE, diagnose), (PLAN, plan), (TEACH, teach)):
        graph.add_node(name, _note_told(node))
    graph.add_edge(START, ROUTE)
    graph.add_conditional_edges(ROUTE, choose_first, [DIAGNOSE, PLAN, TEACH])
    graph.add_conditional_edges(DIAGNOSE, choose_second, [PLAN, TEACH])
    graph.add_edge(PLAN, TEACH)
    graph.add_edge(TEACH, END)
    return graph.compile(checkpointer=saver)


def _note_told(node: Node) -> Node:
    """Adds to what a node returns how far it has told: kept in one step with the rest, or not at all."""

    async def run(state: TutorState, runtime: Runtime[Surroundings]) -> TutorState:
        update = await node(state, runtime)
        await runtime.context.flush()
        return {**update, "told": runtime.context.told}

    return run


def choose_first(state: TutorState) -> str:
    """Says which agent is the first that a turn needs; a plain question needs the Tutor only."""
    taken = Route(state["route"])
    if taken is not Route.CONFIRMATION:
        return _FIRST.get(taken, TEACH)
    proposal = next((each for each in state.get("proposals", ()) if each["id"] == state["turn"]["proposal"]), None)
    return PLAN if proposal and proposal["kind"] == "constraints" else DIAGNOSE


def choose_second(state: TutorState) -> str:
    """Says who comes after the Diagnostician: the plan is looked at where something new is known."""
    return PLAN if state.get("outcome") in _GRADED else TEACH
