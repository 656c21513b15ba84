"""Few changes of topic: stay with a topic as long as it lasts, then take the one that promises most."""

from typing import Final

import numpy as np

from planner.engine.arrays import Ints
from planner.engine.compilation import inner, lean
from planner.engine.heaps import make_heaps, pop, push
from planner.engine.order_sheet import (
    BEST,
    CHAIN,
    CLOSED,
    HAND,
    LEFT,
    LONGEST,
    MOST_CHAINED,
    NEXT_LESSON,
    NEXT_READY,
    PENDING,
    READY,
    RESOURCE,
    RESOURCE_AT,
    RUN,
    SOFT,
    SOFT_START,
    SPAN_AT,
    STACK,
    START,
    TIE,
    TOPIC,
    TOPIC_AT,
    count_steps,
)

_TOPICS: Final = 0
"""Heap of topics that have a run."""
_LINE: Final = 1
"""Heap of ready steps that go with the topic at hand."""
_COMPANY: Final = 2
"""Heap of those that also go with the resource at hand."""

_NEVER: Final = 1 << 62


@inner
def arrange_focused(sheet: Ints, arcs: Ints, stages: Ints, stage_start: Ints) -> Ints:
    """Orders steps with few changes of topic.

    A topic is kept while it has ready steps. Then comes a topic all of whose steps can be done in a row: it has to come
    some time, and its coming now makes no order change topic more often. Where there is none, that topic comes from
    whose run the longest chain of changes of topic leads on, for that chain has to be gone through whatever else is
    done; then the one with the longest run, then what serves the first goal, then the smallest step. A run is counted
    as it grows, so that looking ahead costs no more than the steps themselves. Steps without a topic go along with the
    topic at hand.

    Among the ready steps of a topic, those of the resource at hand come first; then those with the fewest soft
    prerequisites outstanding, then what serves the first goal, then the smallest step.

    Args:
        sheet: What is known of each step, see `fill_sheet`; it is used up.
        arcs: The arcs that belong to it.
        stages: Steps by stage; all of a stage come before any of the next.
        stage_start: Where each stage, none of them empty, starts in `stages`, one entry more than there are stages.

    Returns:
        All steps, in order. Arcs must form no circle, and none lead from a later stage to an earlier one.

    Complexity is O((V + E) log V), and the lessons of a resource each time that it is taken up.
    """
    size = len(stages)
    heaps = make_heaps(3, len(arcs) + size)
    order = np.empty(size, dtype=np.int64)
    _begin(sheet, arcs)
    done = stage = 0
    while done < size:
        if done == stage_start[stage]:
            _open_stage(sheet, arcs, heaps, stages[done : stage_start[stage + 1]])
            stage += 1
        if sheet[HAND, TOPIC_AT] < -1 or _peek(sheet, heaps, _LINE) < 0:
            _enter_topic(sheet, heaps)
        step = _peek(sheet, heaps, _COMPANY)
        if step < 0:
            step = _peek(sheet, heaps, _LINE)
        order[done] = step
        done += 1
        _place(sheet, arcs, heaps, step)
    return order


@lean
def _begin(sheet: Ints, arcs: Ints) -> None:
    size = count_steps(sheet)
    for column in range(sheet.shape[1]):
        sheet[PENDING, column] = 1
        sheet[SOFT, column] = 0
        sheet[RUN, column] = 0
        sheet[LEFT, column] = 0
        sheet[LONGEST, column] = 0
        sheet[BEST, column] = _NEVER
        sheet[READY, column] = -1
    for arc in range(sheet[START, 0], sheet[START, size]):
        sheet[PENDING, arcs[arc]] += 1
    for arc in range(sheet[SOFT_START, 0], sheet[SOFT_START, size]):
        sheet[SOFT, arcs[arc]] += 1
    for column in range(sheet.shape[1]):
        sheet[CLOSED, column] = sheet[PENDING, column]
    sheet[HAND, TOPIC_AT], sheet[HAND, RESOURCE_AT], sheet[HAND, SPAN_AT] = -2, -1, 0
    for step in range(size):
        sheet[HAND, SPAN_AT] = max(sheet[HAND, SPAN_AT], sheet[TIE, step] - step + size)


@lean
def _open_stage(sheet: Ints, arcs: Ints, heaps: Ints, members: Ints) -> None:
    for step in members:
        if sheet[TOPIC, step] >= 0:
            sheet[LEFT, sheet[TOPIC, step]] += 1
    for step in members:
        _open_to_run(sheet, arcs, heaps, step)
        _meet_need(sheet, heaps, step)


@lean
def _enter_topic(sheet: Ints, heaps: Ints) -> None:
    """Takes the best topic in hand, if any has a run; the one at hand before has none any more."""
    if sheet[HAND, TOPIC_AT] >= 0:
        sheet[BEST, sheet[HAND, TOPIC_AT]] = _NEVER
        sheet[LONGEST, sheet[HAND, TOPIC_AT]] = 0
    sheet[HAND, TOPIC_AT] = -1
    while heaps[_TOPICS, 0] > 0 and sheet[HAND, TOPIC_AT] < 0:
        key = heaps[_TOPICS, 1]
        topic = sheet[TOPIC, key % count_steps(sheet)]
        if sheet[RUN, topic] > 0 and _rate_topic(sheet, topic) == key:
            sheet[HAND, TOPIC_AT] = topic
        pop(heaps, _TOPICS)
    if sheet[HAND, TOPIC_AT] >= 0:
        step = sheet[READY, sheet[HAND, TOPIC_AT]]
        sheet[READY, sheet[HAND, TOPIC_AT]] = -1
        while step >= 0:
            _join_line(sheet, heaps, step)
            step = sheet[NEXT_READY, step]


@lean
def _rate_topic(sheet: Ints, topic: int) -> int:
    """Returns the key of a topic: whether its run leaves some of it, the longest chain, the run, the smallest tie."""
    size, run = count_steps(sheet), sheet[RUN, topic]
    chain = MOST_CHAINED - sheet[LONGEST, topic]
    if sheet[LEFT, topic] > run:
        chain += MOST_CHAINED + 1
    rated: int = (chain * (size + 1) + size - run) * sheet[HAND, SPAN_AT] + sheet[BEST, topic]
    return rated


@lean
def _peek(sheet: Ints, heaps: Ints, line: int) -> int:
    """Returns the first step of a line, or -1; entries that are out of date are dropped."""
    while heaps[line, 0] > 0:
        key = heaps[line, 1]
        step: int = key % count_steps(sheet)
        if sheet[PENDING, step] == 0 and key // sheet[HAND, SPAN_AT] == sheet[SOFT, step]:
            return step
        pop(heaps, line)
    return -1


@lean
def _place(sheet: Ints, arcs: Ints, heaps: Ints, step: int) -> None:
    topic = sheet[TOPIC, step]
    sheet[PENDING, step] = -1
    if topic >= 0:
        sheet[RUN, topic] -= 1
        sheet[LEFT, topic] -= 1
    if sheet[RESOURCE, step] != sheet[HAND, RESOURCE_AT]:
        _enter_resource(sheet, heaps, sheet[RESOURCE, step])
    for arc in range(sheet[SOFT_START, step], sheet[SOFT_START, step + 1]):
        after = arcs[arc]
        sheet[SOFT, after] -= 1
        if sheet[PENDING, after] == 0 and _is_company(sheet, after):
            _join_line(sheet, heaps, after)
    for arc in range(sheet[START, step], sheet[START, step + 1]):
        after = arcs[arc]
        if topic < 0 or sheet[TOPIC, after] != topic:
            _open_to_run(sheet, arcs, heaps, after)
        _meet_need(sheet, heaps, after)


@lean
def _is_company(sheet: Ints, step: int) -> bool:
    """Returns whether a step goes with the topic at hand."""
    topic = sheet[TOPIC, step]
    return bool(topic < 0 or topic == sheet[HAND, TOPIC_AT])


@lean
def _enter_resource(sheet: Ints, heaps: Ints, resource: int) -> None:
    """Takes a resource in hand, with its ready steps that go with the topic at hand."""
    sheet[HAND, RESOURCE_AT] = resource
    heaps[_COMPANY, 0] = 0
    step = resource
    while step >= 0:
        if sheet[PENDING, step] == 0 and _is_company(sheet, step):
            push(heaps, _COMPANY, _rate_step(sheet, step))
        step = sheet[NEXT_LESSON, step]


@lean
def _meet_need(sheet: Ints, heaps: Ints, step: int) -> None:
    """Takes one from what a step waits for; a step that waits for nothing is ready."""
    sheet[PENDING, step] -= 1
    if sheet[PENDING, step] > 0:
        return
    if _is_company(sheet, step):
        _join_line(sheet, heaps, step)
    else:
        topic = sheet[TOPIC, step]
        sheet[NEXT_READY, step] = sheet[READY, topic]
        sheet[READY, topic] = step


@lean
def _join_line(sheet: Ints, heaps: Ints, step: int) -> None:
    key = _rate_step(sheet, step)
    push(heaps, _LINE, key)
    if sheet[RESOURCE, step] >= 0 and sheet[RESOURCE, step] == sheet[HAND, RESOURCE_AT]:
        push(heaps, _COMPANY, key)


@lean
def _rate_step(sheet: Ints, step: int) -> int:
    rated: int = sheet[SOFT, step] * sheet[HAND, SPAN_AT] + sheet[TIE, step]
    return rated


@lean
def _open_to_run(sheet: Ints, arcs: Ints, heaps: Ints, step: int) -> None:
    """Takes one from what keeps a run of its topic from a step; adds it to the run, and what it leads to."""
    sheet[CLOSED, step] -= 1
    topic = sheet[TOPIC, step]
    if sheet[CLOSED, step] > 0 or topic < 0:
        return
    sheet[STACK, 0] = step
    height = 1
    while height > 0:
        height -= 1
        reached = sheet[STACK, height]
        sheet[RUN, topic] += 1
        sheet[LONGEST, topic] = max(sheet[LONGEST, topic], sheet[CHAIN, reached])
        sheet[BEST, topic] = min(sheet[BEST, topic], sheet[TIE, reached])
        for arc in range(sheet[START, reached], sheet[START, reached + 1]):
            after = arcs[arc]
            if sheet[TOPIC, after] == topic:
                sheet[CLOSED, after] -= 1
                if sheet[CLOSED, after] == 0:
                    sheet[STACK, height] = after
                    height += 1
    push(heaps, _TOPICS, _rate_topic(sheet, topic))
