"""What would make a goal reachable: the fewest changes, and of these the ones with the cheapest plan."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from kg.curriculum import Curriculum
from planner.constraints import UNCONSTRAINED, Constraints
from planner.content.closure import explore
from planner.content.cover import never
from planner.costs import BY_MINUTES
from planner.difference import tell_cost
from planner.graph import PlanningGraph, compile_graph
from planner.insight.edits import LiftConstraint, PlanEdit, TeachConcept, list_titles, teach_concepts, tell_edit
from planner.insight.repair_search import Blocks, Edits, RepairSearch, rank_edit
from planner.problem import PlanSettings, pose_problem
from planner.reasons import list_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Changes that make an unreachable goal reachable.

    Attributes:
        goal: Id of the goal.
        edits: All of them needed: vetoes by position, then concepts by id.
        cost_units: What the activities of a plan for this goal alone would cost then, in units of 0.0001; the changes
            are not counted.
        proven: Fewer changes do not suffice.
        text: The same as a sentence.
    """

    goal: str
    edits: tuple[PlanEdit, ...]
    cost_units: int
    proven: bool
    text: str


def find_repairs(
    curriculum: Curriculum,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    constraints: Constraints = UNCONSTRAINED,
    *,
    stop: Callable[[], bool] = never,
) -> tuple[Repair, ...]:
    """Finds for each goal that cannot be reached what would make it reachable.

    Offered are a study for a concept that no activity teaches, and the end of a veto. Together they always suffice,
    for prerequisites form no circle; so mastery, which a learner cannot decide on, and prerequisites, which have their
    reasons, are left alone. Where there is a choice, OR-Tools' CP-SAT finds the smallest set, and in a second run of
    these the one with the cheapest plan, each within a limit of deterministic time; where it fails, the answer is a
    greedy's, of which nothing can be left out.

    Args:
        curriculum: A valid one.
        goals: As for `generate_plan`; those that are mastered or can be reached have no repair.
        mastery: As for `generate_plan`.
        settings: Thresholds and costs; None: the usual ones.
        constraints: Its vetoes count; all else has no say in what can be reached.
        stop: Polled before each search; True: the rest is found by the greedy, whose sets need not be smallest.

    Returns:
        One for each such goal, by id.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    settings = settings or PlanSettings()
    untaught = _list_untaught(curriculum)
    graph = compile_graph(teach_concepts(curriculum, untaught))
    problem = pose_problem(graph, goals, mastery, settings)
    blocks = _list_blocks(graph, untaught, constraints)
    reached = explore(blocks.hold(problem)).ways
    titles = list_titles(curriculum)
    repairs = []
    for goal in problem.goals:
        if goal not in reached and goal not in problem.mastered:
            search = RepairSearch(replace(problem, goals=(goal,)), blocks, {*reached, *problem.mastered})
            edits, cost, proven = search.run(stop)
            ordered = sorted(edits, key=rank_edit)
            cause = list_in_words([tell_edit(edit, titles, constraints) for edit in ordered])
            price = tell_cost(cost, minutes=settings.cost_model == BY_MINUTES)
            text = f"{graph.concepts[goal].title} can be reached if {cause}; a plan for it costs {price} then."
            repairs.append(
                Repair(goal=graph.concepts[goal].id, edits=tuple(ordered), cost_units=cost, proven=proven, text=text)
            )
    return tuple(repairs)


def _list_untaught(curriculum: Curriculum) -> list[str]:
    """Lists the concepts that no activity teaches, vetoed or not."""
    offered = {
        section.concept for resource in curriculum.resources if not resource.archived for section in resource.sections
    }
    return [each.id for each in curriculum.concepts if not (each.archived or each.taught or each.id in offered)]


def _list_blocks(graph: PlanningGraph, untaught: Iterable[str], constraints: Constraints) -> Blocks:
    concepts: dict[int, Edits] = {}
    activities: dict[int, Edits] = {
        graph.activity_number[f"concepts/{each}"]: frozenset({TeachConcept(concept=each)}) for each in untaught
    }
    for position, subject in enumerate(constraints.vetoed):
        kind, _, name = subject.partition("/")
        number, found = (
            (graph.number.get(name), concepts)
            if kind == "concepts"
            else (graph.activity_number.get(subject), activities)
        )
        if number is not None:
            found[number] = found.get(number, frozenset()) | {LiftConstraint(field=f"constraints.vetoed[{position}]")}
    return Blocks(concepts, activities)
