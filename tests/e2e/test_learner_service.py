import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from graphmasal.v1.learner_pb2 import Learner, LearnerState
from graphmasal.v1.learner_service_pb2 import (
    BatchGetLearnerStatesRequest,
    CreateLearnerRequest,
    DeleteLearnerRequest,
    GetLearnerRequest,
    GetLearnerStateRequest,
    ListLearnersRequest,
    UpdateLearnerRequest,
)
from tests.e2e.course import (
    ADA,
    ALGEBRA,
    NOON,
    TENANT,
    Stubs,
    answer,
    append,
    codes,
    fields_of,
    import_course,
    mastery_of,
    override,
    reason_of,
    refuse_of,
)


async def create(
    stubs: Stubs, learner_id: str = "", *, parent: str = TENANT, allow_existing: bool = False, **fields: object
) -> Learner:
    request = CreateLearnerRequest(
        parent=parent,
        learner_id=learner_id,
        learner=Learner(**fields),  # type: ignore[arg-type]
        allow_existing=allow_existing,
    )
    made: Learner = await stubs.learners.CreateLearner(request)
    return made


async def read_state(stubs: Stubs, name: str = ADA, **options: object) -> LearnerState:
    request = GetLearnerStateRequest(name=name, curriculum="algebra", **options)  # type: ignore[arg-type]
    state: LearnerState = await stubs.learners.GetLearnerState(request)
    return state


async def test_a_learner_is_created_read_changed_and_listed(stubs: Stubs) -> None:
    goal = f"{ALGEBRA}/concepts/rings"
    made = await create(stubs, "ada", external_id="lms|1", display_name="Ada", goals=[goal])
    assert (made.name, list(made.goals), made.revision) == (ADA, [goal], 0)
    assert made.HasField("create_time")

    request = UpdateLearnerRequest(learner=Learner(name=ADA, display_name="Ada L."))
    changed = await stubs.learners.UpdateLearner(request)

    assert (changed.display_name, changed.external_id, list(changed.goals)) == ("Ada L.", "lms|1", [goal])
    assert await stubs.learners.GetLearner(GetLearnerRequest(name=ADA)) == changed
    listed = await stubs.learners.ListLearners(ListLearnersRequest(parent=TENANT))
    assert list(listed.learners) == [changed]


async def test_a_mask_can_empty_fields(stubs: Stubs) -> None:
    await create(stubs, "ada", external_id="lms|1", display_name="Ada", goals=[f"{ALGEBRA}/concepts/rings"])

    request = UpdateLearnerRequest(learner=Learner(name=ADA), update_mask=FieldMask(paths=["goals"]))
    changed = await stubs.learners.UpdateLearner(request)
    assert (changed.display_name, list(changed.goals)) == ("Ada", [])

    request = UpdateLearnerRequest(learner=Learner(name=ADA), update_mask=FieldMask(paths=["*"]))
    emptied = await stubs.learners.UpdateLearner(request)
    assert (emptied.display_name, emptied.external_id) == ("", "")


async def test_an_external_id_alone_makes_a_learner_and_finds_it(stubs: Stubs) -> None:
    made = await create(stubs, external_id="lms|42")

    assert made.name == f"{TENANT}/learners/x-874d0c8c3f919bc9d91ed571"
    found = await stubs.learners.ListLearners(ListLearnersRequest(parent=TENANT, external_id="lms|42"))
    assert [learner.name for learner in found.learners] == [made.name]
    none = await stubs.learners.ListLearners(ListLearnersRequest(parent=TENANT, external_id="lms|43"))
    assert not none.learners


async def test_what_is_there_already_is_refused_or_updated(stubs: Stubs) -> None:
    await create(stubs, "ada", external_id="lms|1", display_name="Ada")

    for call in (create(stubs, "ada"), create(stubs, "eve", external_id="lms|1")):
        code, status = await refuse_of(call)
        assert (code, reason_of(status)) == (grpc.StatusCode.ALREADY_EXISTS, "LEARNER_ALREADY_EXISTS")

    by_id = await create(stubs, "ada", display_name="Ada L.", allow_existing=True)
    assert (by_id.external_id, by_id.display_name) == ("lms|1", "Ada L.")
    by_external_id = await create(stubs, external_id="lms|1", display_name="Countess", allow_existing=True)
    assert (by_external_id.name, by_external_id.display_name) == (ADA, "Countess")


async def test_goals_have_to_exist(stubs: Stubs) -> None:
    goals = [f"{ALGEBRA}/concepts/rings", f"{ALGEBRA}/concepts/fields", f"{TENANT}/curricula/none/concepts/rings"]

    code, status = await refuse_of(create(stubs, "ada", goals=goals))

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(status) == ["learner.goals[1]", "learner.goals[2]"]


async def test_learners_are_paged_by_id(stubs: Stubs) -> None:
    for name in ("c", "a", "b"):
        await create(stubs, name)

    first = await stubs.learners.ListLearners(ListLearnersRequest(parent=TENANT, page_size=2))
    rest = await stubs.learners.ListLearners(
        ListLearnersRequest(parent=TENANT, page_size=2, page_token=first.next_page_token)
    )

    assert [learner.name[-1] for learner in (*first.learners, *rest.learners)] == ["a", "b", "c"]
    assert (len(first.learners), rest.next_page_token) == (2, "")


async def test_an_erased_learner_stays_erased(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))
    await stubs.learners.DeleteLearner(DeleteLearnerRequest(name=ADA))
    await stubs.learners.DeleteLearner(DeleteLearnerRequest(name=ADA))

    assert codes(await append(stubs, answer("e2"), answer("e1"))) == [grpc.StatusCode.FAILED_PRECONDITION.value[0]] * 2
    code, status = await refuse_of(create(stubs, "ada", allow_existing=True))
    assert (code, reason_of(status)) == (grpc.StatusCode.FAILED_PRECONDITION, "LEARNER_ERASED")
    for call in (stubs.learners.GetLearner(GetLearnerRequest(name=ADA)), read_state(stubs)):
        assert (await refuse_of(call))[0] is grpc.StatusCode.NOT_FOUND


async def test_a_state_shows_what_evidence_says(stubs: Stubs) -> None:
    await append(stubs, answer("e1"), override("e2", "rings", 0.9, day=1))

    state = await read_state(stubs)

    assert (state.learner, state.curriculum, state.curriculum_version) == (ADA, ALGEBRA, 1)
    assert (state.evidence_count, state.revision) == (2, 2)
    assert state.as_of.seconds == NOON + 86_400
    assert list(mastery_of(state)) == ["rings", "sets"]
    assert mastery_of(state)["rings"] == 0.9
    assert 0.4 < mastery_of(state)["sets"] < 0.5


async def test_a_state_can_be_asked_for_as_it_was(stubs: Stubs) -> None:
    await append(stubs, answer("e1"), override("e2", "rings", 0.9, day=5))

    before = await read_state(stubs, as_of=Timestamp(seconds=NOON + 86_400))
    much_later = await read_state(stubs, as_of=Timestamp(seconds=NOON + 500 * 86_400))

    assert (list(mastery_of(before)), before.evidence_count) == (["sets"], 1)
    assert mastery_of(much_later)["sets"] < mastery_of(before)["sets"]


async def test_the_prior_is_shown_where_it_is_wanted(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))

    state = await read_state(stubs, include_prior=True)

    assert list(mastery_of(state)) == ["axioms", "groups", "maps", "models", "rings", "sets"]
    groups = state.mastery[1]
    assert (groups.probability, groups.uncertainty, groups.HasField("practise_time")) == (0.25, 1.0, False)


async def test_archived_concepts_keep_their_mastery(stubs: Stubs) -> None:
    await append(stubs, override("e1", "models", 0.9))
    await import_course(stubs, text="curriculum: {title: Algebra}\nconcepts:\n  - {id: sets, title: Sets}\n")

    state = await read_state(stubs, include_prior=True)

    assert (mastery_of(state), state.curriculum_version) == ({"models": 0.9, "sets": 0.25}, 2)


async def test_a_learner_without_evidence_has_an_empty_state(stubs: Stubs) -> None:
    await create(stubs, "ada")

    state = await read_state(stubs)

    assert (len(state.mastery), state.evidence_count, state.HasField("as_of")) == (0, 0, False)


async def test_states_come_in_the_order_asked_for(stubs: Stubs) -> None:
    await append(stubs, answer("e1", learner="b"), answer("e2", "y", learner="a"))
    names = [f"{TENANT}/learners/b", f"{TENANT}/learners/a"]

    request = BatchGetLearnerStatesRequest(parent=TENANT, names=names, curriculum="algebra")
    response = await stubs.learners.BatchGetLearnerStates(request)

    assert [state.learner for state in response.states] == names
    assert list(response.states) == [await read_state(stubs, name) for name in names]


async def test_the_first_unknown_learner_is_named(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))
    names = [ADA, f"{TENANT}/learners/eve", f"{TENANT}/learners/bob"]

    request = BatchGetLearnerStatesRequest(parent=TENANT, names=names, curriculum="algebra")
    code, status = await refuse_of(stubs.learners.BatchGetLearnerStates(request))

    assert (code, reason_of(status)) == (grpc.StatusCode.NOT_FOUND, "LEARNER_NOT_FOUND")
    assert status.message == f"no learner {TENANT}/learners/eve"


async def test_tenants_do_not_see_each_other(stubs: Stubs) -> None:
    await import_course(stubs, tenant="other")
    await create(stubs, "ada", external_id="lms|1", display_name="Ada")
    await append(stubs, answer("e1"))

    theirs = "tenants/other/learners/ada"
    assert (await refuse_of(stubs.learners.GetLearner(GetLearnerRequest(name=theirs))))[0] is grpc.StatusCode.NOT_FOUND
    assert (await refuse_of(read_state(stubs, theirs)))[0] is grpc.StatusCode.NOT_FOUND
    assert not (await stubs.learners.ListLearners(ListLearnersRequest(parent="tenants/other"))).learners
    await create(stubs, "ada", parent="tenants/other", external_id="lms|1")
    await append(stubs, answer("e1", "y"), parent="tenants/other")
    assert mastery_of(await read_state(stubs, theirs)) != mastery_of(await read_state(stubs))
