"""The SQLite schema as a list of migrations; `PRAGMA user_version` says how many of them a file has had."""

from typing import Final

MIGRATIONS: Final = (
    # 1: curricula, learners, evidence and what is folded from it
    """
    CREATE TABLE IF NOT EXISTS curricula (
        tenant TEXT, id TEXT, title TEXT, description TEXT, language TEXT, licence TEXT, attribution TEXT,
        source_url TEXT, version INTEGER, grading_revision INTEGER, fingerprint TEXT, updated_at INTEGER, size TEXT,
        PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    -- concepts, resources, questions and misconceptions, each as JSON
    CREATE TABLE IF NOT EXISTS parts (
        tenant TEXT, curriculum TEXT, kind TEXT, id TEXT, body TEXT,
        PRIMARY KEY (tenant, curriculum, kind, id)
    );
    CREATE INDEX IF NOT EXISTS parts_by_id ON parts (tenant, kind, id, curriculum);
    CREATE TABLE IF NOT EXISTS prerequisites (
        tenant TEXT, curriculum TEXT, after TEXT, before TEXT, kind TEXT, strength REAL, reason TEXT,
        PRIMARY KEY (tenant, curriculum, after, before)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS prerequisite_groups (
        tenant TEXT, curriculum TEXT, concept TEXT, id TEXT, need INTEGER, members TEXT, strength REAL, reason TEXT,
        PRIMARY KEY (tenant, curriculum, concept, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS learners (
        tenant TEXT, id TEXT, external_id TEXT, display_name TEXT, goals TEXT, created_at INTEGER, revision INTEGER,
        PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX IF NOT EXISTS learners_by_external_id ON learners (tenant, external_id) WHERE external_id <> '';
    CREATE TABLE IF NOT EXISTS erased_learners (tenant TEXT, hash TEXT, PRIMARY KEY (tenant, hash)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS evidence (
        tenant TEXT, id TEXT, learner TEXT, curriculum TEXT, question TEXT, concept TEXT, response TEXT, score REAL,
        occurred_at INTEGER, source TEXT, voided INTEGER,
        PRIMARY KEY (tenant, id)
    );
    CREATE INDEX IF NOT EXISTS evidence_in_order ON evidence (tenant, learner, occurred_at, id);
    CREATE INDEX IF NOT EXISTS evidence_by_question ON evidence (tenant, curriculum, question, learner)
        WHERE question <> '';
    CREATE TABLE IF NOT EXISTS ledgers (
        tenant TEXT, learner TEXT, curriculum TEXT, position_at INTEGER, position_id TEXT, count INTEGER,
        snapshot_due INTEGER, grading_revision INTEGER, model TEXT,
        PRIMARY KEY (tenant, learner, curriculum)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS mastery (
        tenant TEXT, learner TEXT, curriculum TEXT, concept TEXT, probability REAL, practised_at INTEGER,
        stability_days REAL, weight REAL, count INTEGER,
        PRIMARY KEY (tenant, learner, curriculum, concept)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS snapshots (
        tenant TEXT, learner TEXT, curriculum TEXT, position_at INTEGER, position_id TEXT, count INTEGER, states TEXT,
        PRIMARY KEY (tenant, learner, curriculum, position_at, position_id)
    );
    """,
    # 2: plans and operations
    """
    CREATE TABLE IF NOT EXISTS plans (
        tenant TEXT, learner TEXT, id TEXT, curriculum TEXT, created_at INTEGER, concepts TEXT, body TEXT,
        PRIMARY KEY (tenant, learner, id)
    );
    CREATE INDEX IF NOT EXISTS plans_in_order ON plans (tenant, learner, created_at, id);
    CREATE TABLE IF NOT EXISTS operations (
        tenant TEXT, id TEXT, kind TEXT, curriculum TEXT, questions TEXT, grading_revision INTEGER,
        created_at INTEGER, items_done INTEGER, items_total INTEGER, done INTEGER, cancelled INTEGER, error TEXT,
        lease_owner TEXT, lease_until INTEGER,
        PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS open_operations ON operations (created_at, id) WHERE done = 0;
    CREATE TABLE IF NOT EXISTS mastery_changes (
        tenant TEXT, operation TEXT, learner TEXT, concept TEXT, before REAL, after REAL,
        PRIMARY KEY (tenant, operation, learner, concept)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS mastery_changes_by_learner ON mastery_changes (tenant, learner);
    """,
    # 3: revisions of plans, operations of any kind, and who has goals where
    """
    ALTER TABLE plans ADD COLUMN series TEXT;
    ALTER TABLE plans ADD COLUMN revision INTEGER;
    UPDATE plans SET series = id, revision = 1;
    CREATE UNIQUE INDEX plan_revisions ON plans (tenant, learner, series, revision);
    ALTER TABLE operations ADD COLUMN request TEXT NOT NULL DEFAULT '';
    ALTER TABLE operations ADD COLUMN progress TEXT NOT NULL DEFAULT '';
    ALTER TABLE operations ADD COLUMN items_failed INTEGER NOT NULL DEFAULT 0;
    -- learners that an operation is for, until it ends
    CREATE TABLE operation_items (
        tenant TEXT, operation TEXT, item TEXT,
        PRIMARY KEY (tenant, operation, item)
    ) WITHOUT ROWID;
    CREATE INDEX operation_items_by_item ON operation_items (tenant, item);
    CREATE TABLE operation_failures (
        tenant TEXT, operation TEXT, item TEXT, code INTEGER, reason TEXT, message TEXT,
        PRIMARY KEY (tenant, operation, item)
    ) WITHOUT ROWID;
    CREATE INDEX operation_failures_by_item ON operation_failures (tenant, item);
    -- curricula that learners have goals in
    CREATE TABLE goal_homes (
        tenant TEXT, curriculum TEXT, learner TEXT,
        PRIMARY KEY (tenant, curriculum, learner)
    ) WITHOUT ROWID;
    CREATE INDEX goal_homes_by_learner ON goal_homes (tenant, learner);
    INSERT INTO goal_homes
        SELECT DISTINCT tenant, json_extract(goal.value, '$[0]'), learners.id FROM learners, json_each(goals) AS goal;
    """,
    # 4: what makes a curriculum searchable
    """
    CREATE TABLE vectors (
        tenant TEXT, curriculum TEXT, encoder TEXT, hash TEXT, vector BLOB,
        PRIMARY KEY (tenant, curriculum, encoder, hash)
    );
    CREATE TABLE indexes (
        tenant TEXT, curriculum TEXT, ranker TEXT, encoder TEXT, documents TEXT, count INTEGER, dimension INTEGER,
        built_at INTEGER,
        PRIMARY KEY (tenant, curriculum, ranker)
    ) WITHOUT ROWID;
    CREATE TABLE rankers (
        tenant TEXT, curriculum TEXT, id TEXT, created_at INTEGER, body TEXT, weights BLOB,
        PRIMARY KEY (tenant, curriculum, id)
    );
    """,
    # 5: tutoring sessions, their records, and what was used of chat models
    """
    CREATE TABLE sessions (
        tenant TEXT, id TEXT, learner TEXT, curriculum TEXT, created_at INTEGER, updated_at INTEGER, size INTEGER,
        owner TEXT, owned_until INTEGER,
        PRIMARY KEY (tenant, id)
    ) WITHOUT ROWID;
    CREATE INDEX sessions_in_order ON sessions (tenant, created_at, id);
    CREATE INDEX sessions_of_learner ON sessions (tenant, learner, created_at, id);
    CREATE TABLE deleted_sessions (tenant TEXT, hash TEXT, PRIMARY KEY (tenant, hash)) WITHOUT ROWID;
    CREATE TABLE session_records (
        tenant TEXT, session TEXT, space TEXT, key TEXT, value BLOB,
        PRIMARY KEY (tenant, session, space, key)
    );
    CREATE TABLE model_usage (
        tenant TEXT, day TEXT, model TEXT, calls INTEGER, input_tokens INTEGER, output_tokens INTEGER,
        cost_micros INTEGER,
        PRIMARY KEY (tenant, day, model)
    ) WITHOUT ROWID;
    """,
)

VERSION: Final = len(MIGRATIONS)
