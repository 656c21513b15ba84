// All Cypher of the Neo4j store: named queries, loaded once by queries.py. Each takes one parameter, the map $input.
// One map and not many parameters, because the planner plans anew for each combination of lengths of list parameters.
// `SET x.lock = true REMOVE x.lock` takes x's write lock and changes nothing. (REMOVE alone locks nothing in a database
// where no node ever had the property.) Neo4j is read-committed: decisions rest on what is read after the lock.
// Lists are ordered by the tenant as well: only then does the planner take the order from the index, and stop early.
// `CALL (x)` imports a variable even where the subquery does not use it: that orders it after what produced x.


// ---------------------------------------------------------------------------------------------------- Schema

// name: migration_1
// Curricula, learners, evidence and ledger.
CREATE CONSTRAINT graphmasal_schema IF NOT EXISTS FOR (n:GraphMasalSchema) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT curriculum_key IF NOT EXISTS FOR (n:Curriculum) REQUIRE (n.tenant, n.id) IS UNIQUE;
CREATE CONSTRAINT concept_key IF NOT EXISTS FOR (n:Concept) REQUIRE (n.tenant, n.curriculum, n.id) IS UNIQUE;
CREATE CONSTRAINT resource_key IF NOT EXISTS FOR (n:Resource) REQUIRE (n.tenant, n.curriculum, n.id) IS UNIQUE;
CREATE CONSTRAINT question_key IF NOT EXISTS FOR (n:Question) REQUIRE (n.tenant, n.curriculum, n.id) IS UNIQUE;
CREATE CONSTRAINT misconception_key IF NOT EXISTS
FOR (n:Misconception) REQUIRE (n.tenant, n.curriculum, n.id) IS UNIQUE;
CREATE INDEX concept_homes IF NOT EXISTS FOR (n:Concept) ON (n.tenant, n.id);
CREATE INDEX question_homes IF NOT EXISTS FOR (n:Question) ON (n.tenant, n.id);
CREATE CONSTRAINT learner_key IF NOT EXISTS FOR (n:Learner) REQUIRE (n.tenant, n.id) IS UNIQUE;
CREATE CONSTRAINT learner_external_id IF NOT EXISTS FOR (n:Learner) REQUIRE (n.tenant, n.external_id) IS UNIQUE;
CREATE CONSTRAINT erased_learner_key IF NOT EXISTS FOR (n:ErasedLearner) REQUIRE (n.tenant, n.hash) IS UNIQUE;
CREATE CONSTRAINT evidence_key IF NOT EXISTS FOR (n:Evidence) REQUIRE (n.tenant, n.id) IS UNIQUE;
CREATE INDEX evidence_log IF NOT EXISTS FOR (n:Evidence) ON (n.tenant, n.learner, n.occurred_at, n.id);
CREATE CONSTRAINT mastery_key IF NOT EXISTS
FOR ()-[m:HAS_MASTERY]-() REQUIRE (m.tenant, m.learner, m.curriculum, m.concept) IS UNIQUE;
CREATE CONSTRAINT ledger_key IF NOT EXISTS FOR (n:Ledger) REQUIRE (n.tenant, n.learner, n.curriculum) IS UNIQUE;
CREATE CONSTRAINT grading_gate_key IF NOT EXISTS FOR (n:GradingGate) REQUIRE (n.tenant, n.number) IS UNIQUE;

// name: migration_2
// Plans and operations.
CREATE CONSTRAINT plan_key IF NOT EXISTS FOR (n:Plan) REQUIRE (n.tenant, n.learner, n.id) IS UNIQUE;
CREATE CONSTRAINT operation_key IF NOT EXISTS FOR (n:Operation) REQUIRE (n.tenant, n.id) IS UNIQUE;
CREATE INDEX operation_done IF NOT EXISTS FOR (n:Operation) ON (n.done);
CREATE CONSTRAINT mastery_change_key IF NOT EXISTS
FOR (n:MasteryChange) REQUIRE (n.tenant, n.operation, n.learner, n.concept) IS UNIQUE;

// name: migration_3
// Revisions of plans, operations of any kind, and who has goals where.
CREATE CONSTRAINT plan_revision IF NOT EXISTS
FOR (n:Plan) REQUIRE (n.tenant, n.learner, n.series, n.revision) IS UNIQUE;
CREATE CONSTRAINT operation_item_key IF NOT EXISTS
FOR (n:OperationItem) REQUIRE (n.tenant, n.operation, n.item) IS UNIQUE;
CREATE INDEX operation_item_learner IF NOT EXISTS FOR (n:OperationItem) ON (n.tenant, n.item);
CREATE CONSTRAINT operation_failure_key IF NOT EXISTS
FOR (n:OperationFailure) REQUIRE (n.tenant, n.operation, n.item) IS UNIQUE;
CREATE INDEX operation_failure_learner IF NOT EXISTS FOR (n:OperationFailure) ON (n.tenant, n.item);
CREATE CONSTRAINT goal_home_key IF NOT EXISTS
FOR (n:GoalHome) REQUIRE (n.tenant, n.curriculum, n.learner) IS UNIQUE;

// name: migration_3_data
// What was there before; properties of operations that are new have defaults where they are read.
MATCH (p:Plan) WHERE p.series IS NULL
CALL (p) {
  SET p.series = p.id, p.revision = 1
} IN TRANSACTIONS OF 1000 ROWS;
MATCH (l:Learner) WHERE size(l.goals) > 0
CALL (l) {
  UNWIND l.goals AS goal
  WITH DISTINCT l, split(goal, '/')[0] AS curriculum
  MERGE (h:GoalHome {tenant: l.tenant, curriculum: curriculum, learner: l.id})
  MERGE (l)-[:AIMS_IN]->(h)
} IN TRANSACTIONS OF 1000 ROWS;

// name: migration_4
// What makes a curriculum searchable. Vectors have further indexes: see create_vector_index.
CREATE CONSTRAINT vector_set_key IF NOT EXISTS FOR (n:VectorSet) REQUIRE (n.tenant, n.curriculum, n.encoder) IS UNIQUE;
CREATE CONSTRAINT vector_key IF NOT EXISTS FOR (n:Vector) REQUIRE (n.tenant, n.curriculum, n.encoder, n.hash) IS UNIQUE;
CREATE CONSTRAINT retrieval_index_key IF NOT EXISTS
FOR (n:RetrievalIndex) REQUIRE (n.tenant, n.curriculum, n.ranker) IS UNIQUE;
CREATE CONSTRAINT ranker_key IF NOT EXISTS FOR (n:Ranker) REQUIRE (n.tenant, n.curriculum, n.id) IS UNIQUE;

// name: migration_5
// Tutoring sessions, their records, and what was used of chat models.
CREATE CONSTRAINT session_key IF NOT EXISTS FOR (n:Session) REQUIRE (n.tenant, n.id) IS UNIQUE;
CREATE INDEX session_order IF NOT EXISTS FOR (n:Session) ON (n.tenant, n.created_at, n.id);
CREATE INDEX session_order_of_learner IF NOT EXISTS FOR (n:Session) ON (n.tenant, n.learner, n.created_at, n.id);
CREATE CONSTRAINT deleted_session_key IF NOT EXISTS FOR (n:DeletedSession) REQUIRE (n.tenant, n.hash) IS UNIQUE;
CREATE CONSTRAINT session_record_key IF NOT EXISTS
FOR (n:SessionRecord) REQUIRE (n.tenant, n.session, n.space, n.key) IS UNIQUE;
CREATE CONSTRAINT model_usage_key IF NOT EXISTS FOR (n:ModelUsage) REQUIRE (n.tenant, n.day, n.model) IS UNIQUE;

// name: await_indexes
CALL db.awaitIndexes(300);

// name: read_schema_version
MATCH (s:GraphMasalSchema) RETURN max(s.version);

// name: write_schema_version
MERGE (s:GraphMasalSchema {id: 1})
SET s.version = $input.version;

// name: probe_write
// Fails where the database is read-only or in trouble, and leaves nothing behind.
CREATE (s:GraphMasalSchema) DELETE s;


// ---------------------------------------------------------------------------------------------------- Curricula

// name: lock_curriculum
// Makes imports and changes of grading of one curriculum wait for each other. Where the curriculum is new, the node
// is there without properties until the import writes them. No row: see hold_curriculum.
MERGE (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
SET c.lock = true REMOVE c.lock
WITH c WHERE c.id IS NOT NULL
RETURN c.id;

// name: hold_curriculum
// The same lock, for a curriculum that has to be there. One that was deleted while this waited still gives a row, and
// has no properties any more.
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
SET c.lock = true REMOVE c.lock
WITH c WHERE c.version IS NOT NULL
RETURN c.id;

// name: lock_all_gates
// Waits for every append of the tenant that is under way and keeps new ones waiting: see append_view.
UNWIND range(0, $input.gates - 1) AS number
MERGE (g:GradingGate {tenant: $input.tenant, number: number})
SET g.lock = true REMOVE g.lock;

// name: read_curriculum_record
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
WHERE c.version IS NOT NULL
RETURN properties(c);

// name: list_curricula
MATCH (c:Curriculum)
WHERE c.tenant = $input.tenant AND c.id > $input.after
RETURN properties(c) ORDER BY c.id LIMIT $input.limit;

// name: load_curriculum
// Under the curriculum's lock: readers would otherwise see a commit half applied.
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
SET c.lock = true REMOVE c.lock
RETURN 'record' AS kind, properties(c) AS part
UNION ALL
MATCH (n:Concept) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
RETURN 'concept' AS kind, n.body AS part
UNION ALL
MATCH (n:Concept) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
MATCH (n)-[p:PREREQUISITE_OF]->(m:Concept)
RETURN 'edge' AS kind, [n.id, m.id, p.kind, p.strength, p.reason, p.group, p.need] AS part
UNION ALL
MATCH (n:Resource) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
RETURN 'resource' AS kind, n.body AS part
UNION ALL
MATCH (n:Question) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
RETURN 'question' AS kind, n.body AS part
UNION ALL
MATCH (n:Misconception) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
RETURN 'misconception' AS kind, n.body AS part;

// name: put_curriculum
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
SET c += $input.properties;

// name: put_concepts
UNWIND $input.rows AS row
MERGE (n:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.id})
SET n += row.properties;

// name: put_resources
UNWIND $input.rows AS row
MERGE (n:Resource {tenant: $input.tenant, curriculum: $input.curriculum, id: row.id})
SET n += row.properties
WITH n, row
CALL (n) {
  MATCH (n)-[old:TEACHES]->()
  DELETE old
}
UNWIND row.edges AS edge
MATCH (c:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: edge.concept})
USING INDEX c:Concept(tenant, curriculum, id)
CREATE (n)-[:TEACHES {minutes: edge.minutes, position: edge.position}]->(c);

// name: put_questions
UNWIND $input.rows AS row
MERGE (n:Question {tenant: $input.tenant, curriculum: $input.curriculum, id: row.id})
SET n += row.properties
WITH n, row
CALL (n) {
  MATCH (n)-[old:ASSESSES]->()
  DELETE old
}
UNWIND row.edges AS edge
MATCH (c:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: edge.concept})
USING INDEX c:Concept(tenant, curriculum, id)
CREATE (n)-[:ASSESSES {weight: edge.weight}]->(c);

// name: put_misconceptions
UNWIND $input.rows AS row
MERGE (n:Misconception {tenant: $input.tenant, curriculum: $input.curriculum, id: row.id})
SET n += row.properties
WITH n, row
CALL (n) {
  MATCH (n)-[old:ABOUT]->()
  DELETE old
}
UNWIND row.edges AS edge
MATCH (c:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: edge.concept})
USING INDEX c:Concept(tenant, curriculum, id)
CREATE (n)-[:ABOUT]->(c);

// name: remove_prerequisites
UNWIND $input.rows AS row
MATCH (a:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.before})
USING INDEX a:Concept(tenant, curriculum, id)
MATCH (b:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.after})
USING INDEX b:Concept(tenant, curriculum, id)
MATCH (a)-[p:PREREQUISITE_OF]->(b)
WHERE p.group = row.group
DELETE p;

// name: put_prerequisites
UNWIND $input.rows AS row
MATCH (a:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.before})
USING INDEX a:Concept(tenant, curriculum, id)
MATCH (b:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.after})
USING INDEX b:Concept(tenant, curriculum, id)
CREATE (a)-[p:PREREQUISITE_OF]->(b)
SET p = row.properties;

// name: find_question_in_use
// Any evidence about a question or concept of the curriculum; voided evidence counts.
MATCH (n:Question) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
MATCH (n)<-[:ON]-(e:Evidence)
RETURN e.id LIMIT 1;

// name: find_concept_in_use
MATCH (n:Concept) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
MATCH (n)<-[:ON]-(e:Evidence)
RETURN e.id LIMIT 1;

// name: delete_questions
MATCH (n:Question) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
WITH n LIMIT $input.limit
DETACH DELETE n
RETURN count(*);

// name: delete_misconceptions
MATCH (n:Misconception) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
WITH n LIMIT $input.limit
DETACH DELETE n
RETURN count(*);

// name: delete_resources
MATCH (n:Resource) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
WITH n LIMIT $input.limit
DETACH DELETE n
RETURN count(*);

// name: delete_concepts
MATCH (n:Concept) WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
WITH n LIMIT $input.limit
DETACH DELETE n
RETURN count(*);

// name: delete_curriculum_node
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
DELETE c;

// name: read_question
MATCH (q:Question {tenant: $input.tenant, curriculum: $input.curriculum, id: $input.question})
RETURN q.body;

// name: list_learners_to_regrade
MATCH (q:Question)
WHERE q.tenant = $input.tenant AND q.curriculum = $input.curriculum AND q.id IN $input.questions
MATCH (q)<-[:ON]-(e:Evidence)
WITH DISTINCT e.learner AS learner
MATCH (g:Ledger {tenant: $input.tenant, learner: learner, curriculum: $input.curriculum})
USING INDEX g:Ledger(tenant, learner, curriculum)
WHERE g.grading_revision < $input.grading_revision
RETURN learner ORDER BY learner LIMIT $input.limit;


// ---------------------------------------------------------------------------------------------------- Learners

// name: find_taken_learner_ids
// Whether the learner was erased, has the id, and who has the external id.
OPTIONAL MATCH (x:ErasedLearner {tenant: $input.tenant, hash: $input.hash})
OPTIONAL MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
OPTIONAL MATCH (other:Learner {tenant: $input.tenant, external_id: $input.external_id})
RETURN x IS NOT NULL, l IS NOT NULL, other.id;

// name: create_learner
CREATE (l:Learner {tenant: $input.tenant, id: $input.learner})
SET l += $input.properties;

// name: get_learner
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
RETURN properties(l);

// name: get_learners
UNWIND $input.learners AS id
MATCH (l:Learner {tenant: $input.tenant, id: id})
USING INDEX l:Learner(tenant, id)
RETURN properties(l);

// name: find_learner
MATCH (l:Learner {tenant: $input.tenant, external_id: $input.external_id})
RETURN properties(l);

// name: list_learners
MATCH (l:Learner)
WHERE l.tenant = $input.tenant AND l.id > $input.after
RETURN properties(l) ORDER BY l.tenant, l.id LIMIT $input.limit;

// name: list_learners_with_goals
MATCH (h:GoalHome)
USING INDEX h:GoalHome(tenant, curriculum, learner)
WHERE h.tenant = $input.tenant AND h.curriculum = $input.curriculum AND h.learner > $input.after
RETURN h.learner ORDER BY h.tenant, h.curriculum, h.learner LIMIT $input.limit;

// name: write_goal_homes
// Under the learner's lock. The curricula in which a learner has goals, to be listed by.
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
CALL (l) {
  MATCH (l)-[:AIMS_IN]->(old:GoalHome)
  WHERE NOT old.curriculum IN $input.curricula
  DETACH DELETE old
}
UNWIND $input.curricula AS curriculum
MERGE (h:GoalHome {tenant: $input.tenant, curriculum: curriculum, learner: $input.learner})
MERGE (l)-[:AIMS_IN]->(h);

// name: update_learner
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
SET l.external_id = $input.external_id, l.display_name = $input.display_name, l.goals = $input.goals
RETURN properties(l);

// name: erase_evidence
// In the order in which appends lock questions and concepts.
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[:GAVE]->(e:Evidence)
WITH e ORDER BY e.question, e.concept LIMIT $input.limit
DETACH DELETE e
RETURN count(*);

// name: erase_mastery
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[m:HAS_MASTERY]->()
WITH m ORDER BY m.concept LIMIT $input.limit
DELETE m
RETURN count(*);

// name: erase_snapshots
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[:HAS_LEDGER]->(:Ledger)-[:SNAPSHOT]->(s:Snapshot)
WITH s LIMIT $input.limit
DETACH DELETE s
RETURN count(*);

// name: erase_plans
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[:FOLLOWS]->(p:Plan)
WITH p LIMIT $input.limit
DETACH DELETE p
RETURN count(*);

// name: erase_mastery_changes
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})<-[:OF]-(d:MasteryChange)
WITH d LIMIT $input.limit
DETACH DELETE d
RETURN count(*);

// name: erase_goal_homes
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[:AIMS_IN]->(h:GoalHome)
WITH h LIMIT $input.limit
DETACH DELETE h
RETURN count(*);

// name: erase_operation_items
MATCH (n:OperationItem {tenant: $input.tenant, item: $input.learner})
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: erase_operation_failures
MATCH (n:OperationFailure {tenant: $input.tenant, item: $input.learner})
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: erase_learner
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
OPTIONAL MATCH (l)-[:HAS_LEDGER]->(g:Ledger)
DETACH DELETE g, l
WITH DISTINCT 1 AS one
CREATE (:ErasedLearner {tenant: $input.tenant, hash: $input.hash});


// ---------------------------------------------------------------------------------------------------- Ledger

// name: lock_learner
// For a learner who has to be there; see hold_curriculum.
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
SET l.lock = true REMOVE l.lock
WITH l WHERE l.id IS NOT NULL
RETURN l.id;

// name: hold_gate
// After the learner's lock, as in append_view.
MERGE (gate:GradingGate {tenant: $input.tenant, number: $input.gate})
SET gate.lock = true REMOVE gate.lock;

// name: append_view
// Everything an append has to know. Learners are locked in ascending order, then one of the tenant's gates: whoever
// changes how answers are graded holds all gates, so questions stay as they are read here until the append is durable.
UNWIND $input.learners AS id
MATCH (l:Learner {tenant: $input.tenant, id: id})
USING INDEX l:Learner(tenant, id)
SET l.lock = true REMOVE l.lock
WITH collect(l.id) AS learners
MERGE (gate:GradingGate {tenant: $input.tenant, number: $input.gate})
SET gate.lock = true REMOVE gate.lock
WITH learners
CALL (learners) {
  UNWIND $input.hashes AS row
  MATCH (x:ErasedLearner {tenant: $input.tenant, hash: row.hash})
  USING INDEX x:ErasedLearner(tenant, hash)
  RETURN collect(row.learner) AS erased
}
CALL (learners) {
  UNWIND $input.evidence AS id
  MATCH (e:Evidence {tenant: $input.tenant, id: id})
  USING INDEX e:Evidence(tenant, id)
  RETURN collect(properties(e)) AS existing
}
CALL (learners) {
  UNWIND $input.questions AS row
  MATCH (q:Question {tenant: $input.tenant, id: row.id})
  USING INDEX q:Question(tenant, id)
  RETURN collect({id: q.id, curriculum: q.curriculum, body: q.body, learners: row.learners,
                  concepts: COLLECT { MATCH (q)-[:ASSESSES]->(c:Concept) RETURN c.id }}) AS questions
}
CALL (learners) {
  UNWIND $input.concepts AS row
  MATCH (c:Concept {tenant: $input.tenant, id: row.id})
  USING INDEX c:Concept(tenant, id)
  RETURN collect({id: c.id, curriculum: c.curriculum, learners: row.learners, concepts: [c.id]}) AS concepts
}
WITH learners, erased, existing, questions, concepts, questions + concepts AS subjects
CALL (subjects) {
  UNWIND subjects AS subject
  WITH DISTINCT subject.curriculum AS curriculum
  MATCH (c:Curriculum {tenant: $input.tenant, id: curriculum})
  USING INDEX c:Curriculum(tenant, id)
  RETURN collect([c.id, c.grading_revision]) AS revisions
}
CALL (subjects) {
  UNWIND subjects AS subject
  UNWIND subject.learners AS learner
  WITH DISTINCT learner, subject.curriculum AS curriculum
  MATCH (g:Ledger {tenant: $input.tenant, learner: learner, curriculum: curriculum})
  USING INDEX g:Ledger(tenant, learner, curriculum)
  RETURN collect([learner, curriculum, g.position_at, g.position_id, g.count, g.snapshot_due, g.grading_revision,
                  g.model]) AS heads
}
CALL (subjects) {
  UNWIND subjects AS subject
  UNWIND subject.learners AS learner
  UNWIND subject.concepts AS concept
  WITH DISTINCT learner, subject.curriculum AS curriculum, concept
  MATCH ()-[m:HAS_MASTERY {tenant: $input.tenant, learner: learner, curriculum: curriculum, concept: concept}]->()
  USING INDEX m:HAS_MASTERY(tenant, learner, curriculum, concept)
  RETURN collect([learner, curriculum, concept, m.probability, m.practised_at, m.stability_days, m.weight,
                  m.count]) AS states
}
RETURN learners, erased, existing, [each IN questions | [each.id, each.curriculum, each.body]] AS questions,
       [each IN concepts | [each.id, each.curriculum]] AS concepts, revisions, heads, states;

// name: read_evidence
MATCH (e:Evidence {tenant: $input.tenant, id: $input.evidence})
RETURN properties(e);

// name: read_ledgers
// The revision is read before and after, so that a reader without locks can tell whether an append came in between.
UNWIND $input.learners AS id
MATCH (l:Learner {tenant: $input.tenant, id: id})
USING INDEX l:Learner(tenant, id)
WITH id, l, l.revision AS revision
OPTIONAL MATCH (g:Ledger {tenant: $input.tenant, learner: id, curriculum: $input.curriculum})
USING INDEX g:Ledger(tenant, learner, curriculum)
WITH id, l, revision,
     [g.position_at, g.position_id, g.count, g.snapshot_due, g.grading_revision, g.model] AS head
CALL (l) {
  MATCH (l)-[m:HAS_MASTERY]->()
  WHERE m.curriculum = $input.curriculum
  RETURN collect([m.concept, m.probability, m.practised_at, m.stability_days, m.weight, m.count]) AS states
}
WITH id, revision, head, states
MATCH (after:Learner {tenant: $input.tenant, id: id})
USING INDEX after:Learner(tenant, id)
RETURN id, revision, after.revision, head, states;

// name: read_grading_revision
MATCH (c:Curriculum {tenant: $input.tenant, id: $input.curriculum})
RETURN c.grading_revision;

// name: read_snapshot
MATCH (g:Ledger {tenant: $input.tenant, learner: $input.learner, curriculum: $input.curriculum})-[:SNAPSHOT]->(s)
WHERE s.position_at < $input.at OR (s.position_at = $input.at AND s.position_id < $input.id)
WITH s ORDER BY s.position_at DESC, s.position_id DESC LIMIT 1
RETURN s.position_at, s.position_id, s.count, s.states;

// name: read_history
MATCH (e:Evidence)
USING INDEX e:Evidence(tenant, learner, occurred_at, id)
WHERE e.tenant = $input.tenant AND e.learner = $input.learner
  AND e.occurred_at >= $input.at AND e.occurred_at <= $input.until AND e.id IS NOT NULL
  AND NOT (e.occurred_at = $input.at AND e.id <= $input.id)
  AND e.curriculum = $input.curriculum AND NOT e.voided
RETURN properties(e) ORDER BY e.tenant, e.learner, e.occurred_at, e.id;

// name: read_questions
UNWIND $input.questions AS id
MATCH (q:Question {tenant: $input.tenant, curriculum: $input.curriculum, id: id})
USING INDEX q:Question(tenant, curriculum, id)
RETURN id, q.body;

// name: list_evidence
MATCH (e:Evidence)
USING INDEX e:Evidence(tenant, learner, occurred_at, id)
WHERE e.tenant = $input.tenant AND e.learner = $input.learner
  AND e.occurred_at >= $input.at AND e.id IS NOT NULL
  AND NOT (e.occurred_at = $input.at AND e.id <= $input.id)
  AND ($input.curriculum = '' OR e.curriculum = $input.curriculum)
RETURN properties(e) ORDER BY e.tenant, e.learner, e.occurred_at, e.id LIMIT $input.limit;

// name: trim_ledger
// What a change takes away, before write_change puts the new in place.
CALL () {
  UNWIND $input.voided AS id
  MATCH (e:Evidence {tenant: $input.tenant, id: id})
  USING INDEX e:Evidence(tenant, id)
  SET e.voided = true
}
CALL () {
  UNWIND $input.removed AS row
  MATCH ()-[m:HAS_MASTERY {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum,
                           concept: row.concept}]->()
  USING INDEX m:HAS_MASTERY(tenant, learner, curriculum, concept)
  DELETE m
}
CALL () {
  UNWIND $input.stale AS row
  MATCH (g:Ledger {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum})
  USING INDEX g:Ledger(tenant, learner, curriculum)
  MATCH (g)-[:SNAPSHOT]->(s:Snapshot)
  WHERE s.position_at > row.at OR (s.position_at = row.at AND s.position_id >= row.id)
  DETACH DELETE s
}
CALL () {
  UNWIND $input.ended AS row
  MATCH (g:Ledger {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum})
  USING INDEX g:Ledger(tenant, learner, curriculum)
  OPTIONAL MATCH (g)-[:SNAPSHOT]->(s:Snapshot)
  DETACH DELETE s, g
};

// name: create_learners
// Returns how many of them were erased: a learner may be created and erased by others after append_view read.
UNWIND $input.learners AS row
CREATE (l:Learner {tenant: $input.tenant, id: row.learner, display_name: '', goals: [], created_at: $input.now,
                   revision: 0})
WITH row
MATCH (x:ErasedLearner {tenant: $input.tenant, hash: row.hash})
USING INDEX x:ErasedLearner(tenant, hash)
RETURN count(x);

// name: write_change
// Questions and then concepts are met in ascending order, since two appends may meet at several of them.
CALL () {
  UNWIND $input.answers AS row
  MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
  USING INDEX l:Learner(tenant, id)
  MATCH (q:Question {tenant: $input.tenant, curriculum: row.curriculum, id: row.question})
  USING INDEX q:Question(tenant, curriculum, id)
  CREATE (l)-[:GAVE]->(:Evidence {
    tenant: $input.tenant, id: row.id, learner: row.learner, curriculum: row.curriculum, question: row.question,
    response: row.response, score: row.score, occurred_at: row.occurred_at, source: row.source, voided: row.voided
  })-[:ON]->(q)
}
CALL () {
  UNWIND $input.statements AS row
  MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
  USING INDEX l:Learner(tenant, id)
  MATCH (c:Concept {tenant: $input.tenant, curriculum: row.curriculum, id: row.concept})
  USING INDEX c:Concept(tenant, curriculum, id)
  CREATE (l)-[:GAVE]->(:Evidence {
    tenant: $input.tenant, id: row.id, learner: row.learner, curriculum: row.curriculum, concept: row.concept,
    response: row.response, score: row.score, occurred_at: row.occurred_at, source: row.source, voided: row.voided
  })-[:ON]->(c)
}
CALL () {
  UNWIND $input.states AS row
  OPTIONAL MATCH ()-[m:HAS_MASTERY {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum,
                                    concept: row.concept}]->()
  USING INDEX m:HAS_MASTERY(tenant, learner, curriculum, concept)
  CALL (row, m) {
    WITH row, m WHERE m IS NULL
    MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
    USING INDEX l:Learner(tenant, id)
    MATCH (c:Concept {tenant: $input.tenant, curriculum: row.curriculum, id: row.concept})
    USING INDEX c:Concept(tenant, curriculum, id)
    CREATE (l)-[:HAS_MASTERY {
      tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum, concept: row.concept,
      probability: row.probability, practised_at: row.practised_at, stability_days: row.stability_days,
      weight: row.weight, count: row.count
    }]->(c)
  }
  SET m.probability = row.probability, m.practised_at = row.practised_at, m.stability_days = row.stability_days,
      m.weight = row.weight, m.count = row.count
}
CALL () {
  UNWIND $input.heads AS row
  MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
  USING INDEX l:Learner(tenant, id)
  MERGE (g:Ledger {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum})
  SET g.position_at = row.position_at, g.position_id = row.position_id, g.count = row.count,
      g.snapshot_due = row.snapshot_due, g.grading_revision = row.grading_revision, g.model = row.model
  MERGE (l)-[:HAS_LEDGER]->(g)
}
CALL () {
  UNWIND $input.increments AS row
  MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
  USING INDEX l:Learner(tenant, id)
  SET l.revision = l.revision + row.by
};

// name: create_snapshots
UNWIND $input.rows AS row
MATCH (g:Ledger {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum})
USING INDEX g:Ledger(tenant, learner, curriculum)
CREATE (g)-[:SNAPSHOT]->(:Snapshot {tenant: $input.tenant, learner: row.learner, curriculum: row.curriculum,
  position_at: row.position_at, position_id: row.position_id, count: row.count, states: row.states});

// name: record_mastery_changes
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
UNWIND $input.rows AS row
MATCH (l:Learner {tenant: $input.tenant, id: row.learner})
USING INDEX l:Learner(tenant, id)
MERGE (d:MasteryChange {tenant: $input.tenant, operation: $input.operation, learner: row.learner,
                        concept: row.concept})
ON CREATE SET d.before = row.before
SET d.after = row.after
MERGE (o)-[:CHANGED]->(d)
MERGE (d)-[:OF]->(l);


// ---------------------------------------------------------------------------------------------------- Plans

// name: renew_plan
MATCH (p:Plan {tenant: $input.tenant, learner: $input.learner, id: $input.plan})
SET p.created_at = $input.created_at
RETURN p.id;

// name: find_plan_revision
MATCH (p:Plan {tenant: $input.tenant, learner: $input.learner, series: $input.series, revision: $input.revision})
RETURN p.id;

// name: create_plan
// Concepts that the curriculum does not hold any more get no edge; `concepts` names them all.
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
CREATE (l)-[:FOLLOWS]->(p:Plan {tenant: $input.tenant, learner: $input.learner, id: $input.plan,
  series: $input.series, revision: $input.revision, curriculum: $input.curriculum, created_at: $input.created_at,
  concepts: $input.concepts, body: $input.body})
WITH p
UNWIND $input.steps AS row
MATCH (c:Concept {tenant: $input.tenant, curriculum: $input.curriculum, id: row.concept})
USING INDEX c:Concept(tenant, curriculum, id)
CREATE (p)-[:STEP {position: row.position}]->(c);

// name: get_plan
MATCH (p:Plan {tenant: $input.tenant, learner: $input.learner, id: $input.plan})
RETURN properties(p);

// name: list_plans
MATCH (p:Plan)
USING INDEX p:Plan(tenant, learner, id)
WHERE p.tenant = $input.tenant AND p.learner = $input.learner AND p.id IS NOT NULL
  AND ($input.curriculum = '' OR p.curriculum = $input.curriculum)
  AND ($input.before_at IS NULL OR p.created_at < $input.before_at
       OR (p.created_at = $input.before_at AND p.id < $input.before_id))
WITH p ORDER BY p.created_at DESC, p.id DESC LIMIT $input.limit
RETURN properties(p);

// name: list_plan_revisions
MATCH (p:Plan)
USING INDEX p:Plan(tenant, learner, series, revision)
WHERE p.tenant = $input.tenant AND p.learner = $input.learner AND p.series = $input.series
  AND p.revision < $input.before
RETURN properties(p) ORDER BY p.tenant DESC, p.learner DESC, p.series DESC, p.revision DESC LIMIT $input.limit;


// ---------------------------------------------------------------------------------------------------- Operations

// name: create_operation
CREATE (o:Operation {tenant: $input.tenant, id: $input.operation})
SET o += $input.properties;

// name: create_operation_items
UNWIND $input.rows AS row
CREATE (:OperationItem {tenant: $input.tenant, operation: $input.operation, item: row.item});

// name: get_operation
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
RETURN properties(o);

// name: list_operations
MATCH (o:Operation)
WHERE o.tenant = $input.tenant AND o.id > $input.after
RETURN properties(o) ORDER BY o.id LIMIT $input.limit;

// name: delete_mastery_changes
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})-[:CHANGED]->(d:MasteryChange)
WITH d LIMIT $input.limit
DETACH DELETE d
RETURN count(*);

// name: delete_operation_items
MATCH (n:OperationItem)
USING INDEX n:OperationItem(tenant, operation, item)
WHERE n.tenant = $input.tenant AND n.operation = $input.operation AND n.item IS NOT NULL
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: delete_operation_failures
MATCH (n:OperationFailure)
USING INDEX n:OperationFailure(tenant, operation, item)
WHERE n.tenant = $input.tenant AND n.operation = $input.operation AND n.item IS NOT NULL
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: delete_operation
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
DETACH DELETE o;

// name: lock_operation
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
SET o.lock = true REMOVE o.lock;

// name: cancel_operation
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
SET o.cancelled = true;

// name: find_claimable_operation
// Of all tenants: the oldest that nobody works on. Whether that is still so is looked at again under its lock.
MATCH (o:Operation)
USING INDEX o:Operation(done)
WHERE o.done = false AND (o.lease_owner = '' OR o.lease_until < $input.now) AND o.kind IN $input.kinds
WITH o ORDER BY o.created_at, o.tenant, o.id LIMIT 1
RETURN o.tenant, o.id;

// name: claim_operation
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
SET o.lease_owner = $input.owner, o.lease_until = $input.until
RETURN properties(o);

// name: update_operation
// `cancelled` stays as it is: the request may have come after the caller read.
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})
SET o += $input.properties;

// name: lock_items
// Those of the learners that exist, in ascending order and before the operation, so that none is erased meanwhile.
UNWIND $input.rows AS row
MATCH (l:Learner {tenant: $input.tenant, id: row.item})
USING INDEX l:Learner(tenant, id)
SET l.lock = true REMOVE l.lock;

// name: write_operation_failures
UNWIND $input.rows AS row
OPTIONAL MATCH (x:ErasedLearner {tenant: $input.tenant, hash: row.hash})
USING INDEX x:ErasedLearner(tenant, hash)
WITH row, x WHERE x IS NULL
MERGE (n:OperationFailure {tenant: $input.tenant, operation: $input.operation, item: row.item})
SET n.code = row.code, n.reason = row.reason, n.message = row.message;

// name: list_operation_items
MATCH (n:OperationItem)
USING INDEX n:OperationItem(tenant, operation, item)
WHERE n.tenant = $input.tenant AND n.operation = $input.operation AND n.item > $input.after
RETURN n.item ORDER BY n.tenant, n.operation, n.item LIMIT $input.limit;

// name: list_operation_failures
MATCH (n:OperationFailure)
USING INDEX n:OperationFailure(tenant, operation, item)
WHERE n.tenant = $input.tenant AND n.operation = $input.operation AND n.item IS NOT NULL
RETURN n.item, n.code, n.reason, n.message ORDER BY n.tenant, n.operation, n.item LIMIT $input.limit;

// name: count_operation_failures
MATCH (n:OperationFailure)
USING INDEX n:OperationFailure(tenant, operation, item)
WHERE n.tenant = $input.tenant AND n.operation = $input.operation AND n.item IS NOT NULL
RETURN count(n);

// name: list_mastery_changes
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})-[:CHANGED]->(d:MasteryChange)
WHERE d.before <> d.after
WITH d ORDER BY d.learner, d.concept LIMIT $input.limit
RETURN d.learner, d.concept, d.before, d.after;

// name: count_mastery_changes
MATCH (o:Operation {tenant: $input.tenant, id: $input.operation})-[:CHANGED]->(d:MasteryChange)
WHERE d.before <> d.after
RETURN count(d);


// ---------------------------------------------------------------------------------------------------- Retrieval

// name: put_vector_set
// Under the curriculum's lock. A set that was being deleted is one again, with what is left in it. No row: it was gone
// before it could be locked.
MERGE (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
SET s.lock = true REMOVE s.lock, s.retired
WITH s WHERE s.encoder IS NOT NULL
RETURN s.encoder;

// name: put_vectors
UNWIND $input.rows AS row
MERGE (v:Vector {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder, hash: row.hash})
ON CREATE SET v.vector = row.vector;

// name: find_live_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
WHERE s.retired IS NULL
RETURN s.encoder;

// name: list_vector_hashes
MATCH (v:Vector)
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
WHERE v.tenant = $input.tenant AND v.curriculum = $input.curriculum AND v.encoder = $input.encoder
  AND v.hash IS NOT NULL
RETURN v.hash;

// name: load_vectors
MATCH (v:Vector)
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
WHERE v.tenant = $input.tenant AND v.curriculum = $input.curriculum AND v.encoder = $input.encoder
  AND v.hash > $input.after
RETURN v.hash, v.vector ORDER BY v.tenant, v.curriculum, v.encoder, v.hash LIMIT $input.limit;

// name: read_vectors
UNWIND $input.hashes AS hash
MATCH (v:Vector {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder, hash: hash})
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
RETURN v.hash, v.vector;

// name: drop_vectors
UNWIND $input.hashes AS hash
MATCH (v:Vector {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder, hash: hash})
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
DELETE v;

// name: lock_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
SET s.lock = true REMOVE s.lock;

// name: read_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
RETURN s.retired, s.indexed;

// name: mark_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
SET s.indexed = $input.indexed;

// name: retire_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
SET s.retired = true;

// name: retire_vector_sets
MATCH (s:VectorSet)
USING INDEX s:VectorSet(tenant, curriculum, encoder)
WHERE s.tenant = $input.tenant AND s.curriculum = $input.curriculum AND s.encoder IS NOT NULL
SET s.retired = true;

// name: list_retired_vector_sets
MATCH (s:VectorSet)
USING INDEX s:VectorSet(tenant, curriculum, encoder)
WHERE s.tenant = $input.tenant AND s.curriculum = $input.curriculum AND s.encoder IS NOT NULL AND s.retired
RETURN s.encoder;

// name: delete_vectors
MATCH (v:Vector)
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
WHERE v.tenant = $input.tenant AND v.curriculum = $input.curriculum AND v.encoder = $input.encoder
  AND v.hash IS NOT NULL
WITH v LIMIT $input.limit
DELETE v
RETURN count(*);

// name: delete_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
DELETE s;

// name: create_vector_index
// One for each set, as a vector index cannot be narrowed down while it is searched. Names and labels of indexes cannot
// be parameters: DIGEST is replaced by the SHA-256, in hexadecimal, of what the set is called.
CREATE VECTOR INDEX nearest_DIGEST IF NOT EXISTS FOR (v:Nearest_DIGEST) ON (v.values)
OPTIONS {indexConfig: {`vector.dimensions`: $input.dimension, `vector.similarity_function`: 'cosine'}};

// name: await_vector_index
CALL db.awaitIndex($input.index, $input.seconds);

// name: drop_vector_index
DROP INDEX nearest_DIGEST IF EXISTS;

// name: list_plain_vectors
// Those that the vector index does not find.
MATCH (v:Vector)
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
WHERE v.tenant = $input.tenant AND v.curriculum = $input.curriculum AND v.encoder = $input.encoder
  AND v.hash > $input.after AND v.values IS NULL
RETURN v.hash, v.vector ORDER BY v.tenant, v.curriculum, v.encoder, v.hash LIMIT $input.limit;

// name: index_vectors
UNWIND $input.rows AS row
MATCH (v:Vector {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder, hash: row.hash})
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
SET v.values = row.values, v:$($input.label);

// name: clear_vectors
MATCH (v:Vector)
USING INDEX v:Vector(tenant, curriculum, encoder, hash)
WHERE v.tenant = $input.tenant AND v.curriculum = $input.curriculum AND v.encoder = $input.encoder
  AND v.hash > $input.after AND v.values IS NOT NULL
WITH v ORDER BY v.tenant, v.curriculum, v.encoder, v.hash LIMIT $input.limit
REMOVE v.values, v:$($input.label)
RETURN max(v.hash);

// name: find_indexed_vector_set
MATCH (s:VectorSet {tenant: $input.tenant, curriculum: $input.curriculum, encoder: $input.encoder})
WHERE s.retired IS NULL AND s.indexed
RETURN s.encoder;

// name: find_online_index
SHOW VECTOR INDEXES YIELD name, state
WHERE name = $input.index AND state = 'ONLINE'
RETURN name;

// name: find_nearest
CALL db.index.vector.queryNodes($input.index, $input.fetched, $input.values) YIELD node, score
WHERE node.tenant = $input.tenant AND node.curriculum = $input.curriculum AND node.encoder = $input.encoder
RETURN node.hash, node.vector ORDER BY score DESC LIMIT $input.limit;

// name: get_retrieval_index
MATCH (i:RetrievalIndex {tenant: $input.tenant, curriculum: $input.curriculum, ranker: $input.ranker})
RETURN properties(i);

// name: put_retrieval_index
MERGE (i:RetrievalIndex {tenant: $input.tenant, curriculum: $input.curriculum, ranker: $input.ranker})
SET i += $input.properties;

// name: list_retrieval_indexes
MATCH (i:RetrievalIndex)
USING INDEX i:RetrievalIndex(tenant, curriculum, ranker)
WHERE i.tenant = $input.tenant AND i.curriculum = $input.curriculum AND i.ranker IS NOT NULL
RETURN properties(i) ORDER BY i.tenant, i.curriculum, i.ranker;

// name: find_index_with_encoder
MATCH (i:RetrievalIndex)
USING INDEX i:RetrievalIndex(tenant, curriculum, ranker)
WHERE i.tenant = $input.tenant AND i.curriculum = $input.curriculum AND i.ranker IS NOT NULL
  AND i.encoder = $input.encoder
RETURN i.ranker LIMIT 1;

// name: find_largest_index
MATCH (i:RetrievalIndex)
USING INDEX i:RetrievalIndex(tenant, curriculum, ranker)
WHERE i.tenant = $input.tenant AND i.curriculum = $input.curriculum AND i.ranker IS NOT NULL
  AND i.encoder = $input.encoder
RETURN coalesce(max(i.count), 0);

// name: delete_retrieval_index
MATCH (i:RetrievalIndex {tenant: $input.tenant, curriculum: $input.curriculum, ranker: $input.ranker})
WITH i, i.encoder AS encoder
DELETE i
RETURN encoder;

// name: delete_retrieval_indexes
MATCH (n:RetrievalIndex)
WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.ranker IS NOT NULL
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: put_ranker
MERGE (r:Ranker {tenant: $input.tenant, curriculum: $input.curriculum, id: $input.id})
SET r.created_at = $input.created_at, r.body = $input.body, r.weights = $input.weights;

// name: get_ranker
MATCH (r:Ranker {tenant: $input.tenant, curriculum: $input.curriculum, id: $input.id})
RETURN r.created_at, r.body, r.weights;

// name: list_rankers
MATCH (r:Ranker)
USING INDEX r:Ranker(tenant, curriculum, id)
WHERE r.tenant = $input.tenant AND r.curriculum = $input.curriculum AND r.id IS NOT NULL
RETURN r.id ORDER BY r.tenant, r.curriculum, r.id;

// name: delete_ranker
MATCH (r:Ranker {tenant: $input.tenant, curriculum: $input.curriculum, id: $input.id})
WITH r, r.id AS id
DELETE r
RETURN id;

// name: delete_rankers
MATCH (n:Ranker)
WHERE n.tenant = $input.tenant AND n.curriculum = $input.curriculum AND n.id IS NOT NULL
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);


// ---------------------------------------------------------------------------------------------------- Sessions
// Lists ask for a seek: while the statistics are young, the planner would rather scan the index of all tenants. And for
// CASE, not OR: it would read the two sides of an OR one after the other, whole, and sort.

// name: create_session
// Under the lock of its learner, where it has one.
CREATE (s:Session {tenant: $input.tenant, id: $input.session})
SET s += $input.properties
WITH s
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})
USING INDEX l:Learner(tenant, id)
CREATE (l)-[:HAS_SESSION]->(s);

// name: find_deleted_session
MATCH (x:DeletedSession {tenant: $input.tenant, hash: $input.hash})
RETURN x.hash;

// name: get_session
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
RETURN properties(s);

// name: lock_session
// No row where it was deleted while this waited; see hold_curriculum.
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
SET s.lock = true REMOVE s.lock
WITH s WHERE s.created_at IS NOT NULL
RETURN properties(s);

// name: lock_learner_of_session
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
MATCH (l:Learner {tenant: $input.tenant, id: s.learner})
USING INDEX l:Learner(tenant, id)
SET l.lock = true REMOVE l.lock;

// name: list_sessions
MATCH (s:Session)
USING INDEX SEEK s:Session(tenant, created_at, id)
WHERE s.tenant = $input.tenant AND s.created_at <= $input.at AND s.id IS NOT NULL
  AND CASE WHEN s.created_at = $input.at THEN s.id < $input.id ELSE true END
RETURN properties(s) ORDER BY s.tenant DESC, s.created_at DESC, s.id DESC LIMIT $input.limit;

// name: list_sessions_of_learner
MATCH (s:Session)
USING INDEX SEEK s:Session(tenant, learner, created_at, id)
WHERE s.tenant = $input.tenant AND s.learner = $input.learner AND s.created_at <= $input.at AND s.id IS NOT NULL
  AND CASE WHEN s.created_at = $input.at THEN s.id < $input.id ELSE true END
RETURN properties(s) ORDER BY s.tenant DESC, s.learner DESC, s.created_at DESC, s.id DESC LIMIT $input.limit;

// name: find_sessions_of_learner
MATCH (l:Learner {tenant: $input.tenant, id: $input.learner})-[:HAS_SESSION]->(s:Session)
RETURN s.id;

// name: lock_sessions
// In ascending order. Whoever writes records has locked the session as well.
UNWIND $input.rows AS row
MATCH (s:Session {tenant: $input.tenant, id: row.session})
USING INDEX s:Session(tenant, id)
SET s.lock = true REMOVE s.lock;

// name: delete_session_records
UNWIND $input.rows AS row
MATCH (n:SessionRecord)
USING INDEX SEEK n:SessionRecord(tenant, session, space, key)
WHERE n.tenant = $input.tenant AND n.session = row.session AND n.space IS NOT NULL AND n.key IS NOT NULL
WITH n LIMIT $input.limit
DELETE n
RETURN count(*);

// name: delete_sessions
UNWIND $input.rows AS row
MATCH (s:Session {tenant: $input.tenant, id: row.session})
USING INDEX s:Session(tenant, id)
DETACH DELETE s
CREATE (:DeletedSession {tenant: $input.tenant, hash: row.hash});

// name: claim_session
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
SET s.owner = $input.owner, s.owned_until = $input.until;

// name: release_session
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
SET s.lock = true REMOVE s.lock
WITH s WHERE s.owner = $input.owner
SET s.owner = '', s.owned_until = 0;

// name: update_session
MATCH (s:Session {tenant: $input.tenant, id: $input.session})
SET s.size = $input.size, s.updated_at = $input.now;

// name: measure_records
// Bytes of those records that are there.
UNWIND $input.rows AS row
MATCH (n:SessionRecord {tenant: $input.tenant, session: $input.session, space: row.space, key: row.key})
USING INDEX n:SessionRecord(tenant, session, space, key)
RETURN sum(n.size);

// name: put_records
UNWIND $input.rows AS row
MERGE (n:SessionRecord {tenant: $input.tenant, session: $input.session, space: row.space, key: row.key})
SET n.value = row.value, n.size = row.size;

// name: remove_records
UNWIND $input.rows AS row
MATCH (n:SessionRecord {tenant: $input.tenant, session: $input.session, space: row.space, key: row.key})
USING INDEX n:SessionRecord(tenant, session, space, key)
DELETE n;

// name: read_record
MATCH (n:SessionRecord {tenant: $input.tenant, session: $input.session, space: $input.space, key: $input.key})
RETURN n.value;

// name: list_records
MATCH (n:SessionRecord)
USING INDEX SEEK n:SessionRecord(tenant, session, space, key)
WHERE n.tenant = $input.tenant AND n.session = $input.session AND n.space = $input.space
  AND n.key >= $input.start AND n.key < $input.end AND n.key <> $input.after
RETURN n.key, n.value ORDER BY n.tenant, n.session, n.space, n.key LIMIT $input.limit;

// name: list_last_records
MATCH (n:SessionRecord)
USING INDEX SEEK n:SessionRecord(tenant, session, space, key)
WHERE n.tenant = $input.tenant AND n.session = $input.session AND n.space = $input.space
  AND n.key >= $input.start AND n.key < $input.end AND n.key <> $input.after
RETURN n.key, n.value ORDER BY n.tenant DESC, n.session DESC, n.space DESC, n.key DESC LIMIT $input.limit;

// name: add_usage
MERGE (u:ModelUsage {tenant: $input.tenant, day: $input.day, model: $input.model})
SET u.lock = true REMOVE u.lock
WITH u
SET u.calls = coalesce(u.calls, 0) + $input.calls,
    u.input_tokens = coalesce(u.input_tokens, 0) + $input.input_tokens,
    u.output_tokens = coalesce(u.output_tokens, 0) + $input.output_tokens,
    u.cost_micros = coalesce(u.cost_micros, 0) + $input.cost_micros;

// name: list_usage
MATCH (u:ModelUsage)
USING INDEX SEEK u:ModelUsage(tenant, day, model)
WHERE u.tenant = $input.tenant AND u.day = $input.day AND u.model IS NOT NULL
RETURN properties(u) ORDER BY u.tenant, u.day, u.model;
