-- The shape of a result. A run executes cases of suites on targets; each case yields raw data (samples, answers,
-- routing counts), and from that raw data alone come its values. A new metric is a row, never a column.
-- Times of day are RFC 3339 in UTC. Numbers are SI unless a comment says otherwise.

-- The machine a run ran on.
CREATE TABLE environment (
  id           INTEGER PRIMARY KEY,
  digest       TEXT NOT NULL UNIQUE,     -- sha256 of the other columns: the same machine is stored once
  host         TEXT NOT NULL,
  cpu          TEXT NOT NULL,            -- model name
  cores        INTEGER NOT NULL,         -- that the process may use
  memory_bytes INTEGER NOT NULL,         -- that the process may use (cgroup limit or physical)
  gpu          TEXT NOT NULL,            -- '' on a machine without one
  driver       TEXT NOT NULL,            -- of the GPU; '' without one
  os           TEXT NOT NULL,
  facts        TEXT NOT NULL CHECK (json_valid(facts))  -- everything else that was read: caches, flags, governor
) STRICT;

-- What is measured: a model in one dtype with its overrides.
CREATE TABLE target (
  id                INTEGER PRIMARY KEY,
  identity          TEXT NOT NULL UNIQUE,  -- sha256 over config, weights and keys
  name              TEXT NOT NULL,         -- short, for tables; two targets may share one
  spec              TEXT NOT NULL,         -- as the user wrote it
  family            TEXT NOT NULL,
  dtype             TEXT NOT NULL,
  numerics          TEXT NOT NULL,         -- reference, fast or invariant
  experts           INTEGER NOT NULL,      -- per mixture layer; 0: dense
  experts_per_token INTEGER NOT NULL,
  parameters_total  INTEGER NOT NULL,
  parameters_active INTEGER NOT NULL,      -- read for one token; the embedding counts one row
  weight_bytes      INTEGER NOT NULL,
  facts             TEXT NOT NULL CHECK (json_valid(facts))  -- parameters and bytes by part, KV bytes per token, ...
) STRICT;

-- A suite as it was run: the text is kept, so a number can be traced to the questions asked.
CREATE TABLE suite (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL,
  version INTEGER NOT NULL,              -- raised by any change that can move a number
  kind    TEXT NOT NULL,
  title   TEXT NOT NULL,
  sha256  TEXT NOT NULL UNIQUE,          -- of the text
  toml    TEXT NOT NULL
) STRICT;

-- One execution of a plan on one machine at one build.
CREATE TABLE run (
  id          INTEGER PRIMARY KEY,
  started_at  TEXT NOT NULL,
  ended_at    TEXT,                      -- null: unfinished; the same plan carries on
  plan        TEXT NOT NULL,             -- sha256 over suites, cases, launches, limit, build and machine: an unfinished run of the same plan goes on
  command     TEXT NOT NULL,             -- as typed
  question_limit INTEGER NOT NULL,       -- questions per leaf task; -1: all
  build       TEXT NOT NULL,             -- version, commit, dirty or not, compiler, flags, LibTorch, the linker's digest of the program
  owner       TEXT NOT NULL,             -- boot, PID namespace, process and its start: only one process carries a run on
  alive_at    TEXT NOT NULL DEFAULT '',  -- when the owner last wrote; of an owner that cannot be seen from here, a sign of life
  environment INTEGER NOT NULL REFERENCES environment
) STRICT;

-- One fresh process that measured cases of one target.
CREATE TABLE launch (
  id         INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  target     INTEGER NOT NULL REFERENCES target,
  number     INTEGER NOT NULL,           -- from 0; a case measured in several launches has samples of each
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  build      TEXT NOT NULL DEFAULT '',   -- as the worker gave it; '' of one that died before it spoke
  load_s     REAL,                       -- time to load the model
  exit       TEXT NOT NULL DEFAULT ''    -- '' while it runs; 'done', 'killed by signal 9', 'exit code 70', ...
) STRICT;

-- One point of a suite on one target. The same case is found again across nights, machines and builds.
CREATE TABLE "case" (
  id             INTEGER PRIMARY KEY,
  key            TEXT NOT NULL UNIQUE,   -- sha256 over suite name and version, target identity, point, dataset digest
  suite          TEXT NOT NULL,
  suite_version  INTEGER NOT NULL,
  target         INTEGER NOT NULL REFERENCES target,
  point          TEXT NOT NULL CHECK (json_valid(point)),  -- {"batch": 8, "context": 2048}
  dataset_digest TEXT NOT NULL           -- sha256 of the records; '' for suites without a dataset
) STRICT;

-- How a case went in a run.
CREATE TABLE case_run (
  id         INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  "case"     INTEGER NOT NULL REFERENCES "case",
  suite      INTEGER NOT NULL REFERENCES suite,
  ordinal    INTEGER NOT NULL,           -- place in the plan
  started_at TEXT,
  ended_at   TEXT,
  outcome    TEXT NOT NULL DEFAULT 'pending'
             CHECK (outcome IN ('pending','ok','wrong','skipped','out_of_memory','timed_out','failed')),
  reason     TEXT NOT NULL DEFAULT '',
  UNIQUE (run, "case")
) STRICT;

-- How a case went in one of its launches. One whose launch has no row here had not ended: what it left is measured afresh.
CREATE TABLE case_launch (
  case_run INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  number   INTEGER NOT NULL,             -- of the launch
  outcome  TEXT NOT NULL CHECK (outcome IN ('ok','wrong','skipped','out_of_memory','timed_out','failed')),
  reason   TEXT NOT NULL,
  PRIMARY KEY (case_run, number)
) STRICT, WITHOUT ROWID;

-- What can be measured.
CREATE TABLE metric (
  id               INTEGER PRIMARY KEY,
  name             TEXT NOT NULL UNIQUE,
  unit             TEXT NOT NULL,        -- SI: s, B, B/s, 1/s, J, 1
  higher_is_better INTEGER NOT NULL CHECK (higher_is_better IN (0, 1)),
  deterministic    INTEGER NOT NULL CHECK (deterministic IN (0, 1))  -- the same inputs give the same value on the same build and machine
) STRICT;

-- A metric of a case in a run: a pure function of the raw rows below.
CREATE TABLE value (
  case_run       INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  metric         INTEGER NOT NULL REFERENCES metric,
  scope          TEXT NOT NULL,          -- part of the case: a task, a group, a layer; '' is all of it
  estimate       REAL,                   -- null: not a number
  low            REAL,                   -- 95 % interval; equal to the estimate where there is no spread
  high           REAL,                   -- its upper end
  standard_error REAL,                   -- null where it is not defined
  n              INTEGER NOT NULL,       -- samples or questions behind it
  PRIMARY KEY (case_run, metric, scope)
) STRICT, WITHOUT ROWID;

-- One raw measurement.
CREATE TABLE sample (
  case_run INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  launch   INTEGER NOT NULL REFERENCES launch ON DELETE CASCADE,
  metric   TEXT NOT NULL,                -- name of what was read: step_s, peak_resident_bytes
  scope    TEXT NOT NULL,                -- part of the case: prefill, layer.3; '' is all of it
  "index"  INTEGER NOT NULL,             -- order within the launch
  value    REAL,                         -- null: not a number
  PRIMARY KEY (case_run, launch, metric, scope, "index")
) STRICT, WITHOUT ROWID;

-- One question, as far as judging its answers needs it.
CREATE TABLE document (
  case_run INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  task     TEXT NOT NULL,                -- leaf task: mmlu_anatomy
  document INTEGER NOT NULL,             -- index in file order
  target   TEXT NOT NULL,                -- gold: index of the right choice, or the reference text
  facts    TEXT NOT NULL CHECK (json_valid(facts)),  -- lengths of the choices, words, bytes, question type
  metrics  TEXT CHECK (metrics IS NULL OR json_valid(metrics)),  -- of this question: {"acc": 1.0}; null until its answers are all there
  PRIMARY KEY (case_run, task, document)
) STRICT, WITHOUT ROWID;

-- One scored request: a choice of a question, a document of a perplexity suite, a generated text.
CREATE TABLE answer (
  case_run            INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  task                TEXT NOT NULL,     -- of the document
  document            INTEGER NOT NULL,
  choice              INTEGER NOT NULL,  -- from 0; 0 where there is one request a document
  filter              TEXT NOT NULL,     -- what read a generated text; 'none'
  launch              INTEGER NOT NULL REFERENCES launch ON DELETE CASCADE,
  continuation        TEXT NOT NULL,     -- the choice's text; '' for a page
  generated           TEXT NOT NULL,     -- '' where nothing was generated
  log_likelihood      REAL,              -- natural logarithm, summed over the continuation; null: not a number
  is_greedy           INTEGER NOT NULL CHECK (is_greedy IN (0, 1)),  -- every token was the likeliest one
  context_tokens      INTEGER NOT NULL,  -- before truncation
  continuation_tokens INTEGER NOT NULL,
  truncated_tokens    INTEGER NOT NULL,  -- cut on the left because the model is shorter
  tokens_sha256       TEXT NOT NULL,     -- ids of context and continuation before truncation, decimal, joined by spaces
  prompt_sha256       TEXT NOT NULL,     -- UTF-8 of context + continuation
  PRIMARY KEY (case_run, task, document, choice, filter)
) STRICT, WITHOUT ROWID;

-- Tokens given to each expert while a launch measured a case, added up as they come. A case that was carried on has counts of
-- several launches, each of what it ran itself: the view routing adds them up.
CREATE TABLE routing_count (
  case_run INTEGER NOT NULL REFERENCES case_run ON DELETE CASCADE,
  launch   INTEGER NOT NULL REFERENCES launch ON DELETE CASCADE,
  layer    INTEGER NOT NULL,             -- from 0, of all layers
  expert   INTEGER NOT NULL,             -- from 0
  tokens   INTEGER NOT NULL,             -- how often it was chosen; 0 is stored too
  PRIMARY KEY (case_run, launch, layer, expert)
) STRICT, WITHOUT ROWID;

-- The event stream of a run: what was said, when.
CREATE TABLE log (
  id     INTEGER PRIMARY KEY,
  run    INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  at     TEXT NOT NULL,
  level  TEXT NOT NULL,                  -- info, warning; stderr: what a worker said to people
  text   TEXT NOT NULL
) STRICT;

CREATE INDEX case_run_by_case ON case_run ("case");
CREATE INDEX launch_by_run ON launch (run);

-- Values with everything a report wants beside them: one row per value.
CREATE VIEW result AS
SELECT r.id AS run, r.started_at, r.build, t.id AS target, t.name AS target_name, t.experts, t.experts_per_token,
       c.suite, c.suite_version, s.kind, c.point, c.key AS case_key, cr.id AS case_run, cr.ordinal, cr.outcome,
       m.name AS metric, m.unit, m.higher_is_better, m.deterministic,
       v.scope, v.estimate, v.low, v.high, v.standard_error, v.n, r.question_limit
FROM value v
JOIN metric m ON m.id = v.metric
JOIN case_run cr ON cr.id = v.case_run
JOIN run r ON r.id = cr.run
JOIN "case" c ON c.id = cr."case"
JOIN suite s ON s.id = cr.suite
JOIN target t ON t.id = c.target;

-- Tokens given to each expert during a case, by all its launches.
CREATE VIEW routing AS
SELECT case_run, layer, expert, sum(tokens) AS tokens FROM routing_count GROUP BY case_run, layer, expert;

-- For every case the newest run in which it ended.
CREATE VIEW newest AS
SELECT * FROM (
  SELECT cr.*, row_number() OVER (PARTITION BY cr."case" ORDER BY cr.run DESC) AS place
  FROM case_run cr WHERE cr.outcome <> 'pending')
WHERE place = 1;
