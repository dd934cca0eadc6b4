-- The shape of a training: what was trained on what, the curves it left, and where its tokens went. A new metric is a row, never a
-- column. Times of day are RFC 3339 in UTC. Numbers are SI unless a comment says otherwise.

-- One training of a model. What its row says is of where it began; one that was cut short is carried on.
CREATE TABLE training (
  id               INTEGER PRIMARY KEY,
  identity         TEXT NOT NULL,            -- sha256 of the state that a training goes on from: two are the same one where they share it
  name             TEXT NOT NULL,            -- short, for tables; two trainings may share one
  started_at       TEXT NOT NULL,
  ended_at         TEXT,                     -- null: unfinished; the same training carries on
  config           TEXT NOT NULL,            -- the TOML, whole
  config_sha256    TEXT NOT NULL,            -- of the TOML
  model            TEXT NOT NULL CHECK (json_valid(model)),  -- config.json of the model
  data             TEXT NOT NULL,            -- what it was trained on, in words
  data_digest      TEXT NOT NULL,            -- sha256 of what it was trained on
  tokenizer_digest TEXT NOT NULL,            -- sha256 of tokenizer.json
  seed             INTEGER NOT NULL,         -- of the first weights and the router's noise
  learning_rate    REAL NOT NULL,            -- the highest one of its schedule
  threads          INTEGER NOT NULL,         -- that computed; sums differ in their last bits with another number
  planned_tokens   INTEGER NOT NULL,         -- to be trained on in all
  flops_per_token  REAL,                     -- floating-point operations, forward and backward; null where nobody counted them
  build            TEXT NOT NULL,            -- as in run
  command          TEXT NOT NULL,            -- as typed
  owner            TEXT NOT NULL,            -- as in run: only one process carries a training on
  alive_at         TEXT NOT NULL,            -- when the owner last wrote
  environment      INTEGER NOT NULL REFERENCES environment
) STRICT;

-- A metric of a training at a step: a point of a curve.
CREATE TABLE training_value (
  training INTEGER NOT NULL REFERENCES training ON DELETE CASCADE,
  step     INTEGER NOT NULL,                 -- steps done: 0 is the model before its first one
  layer    INTEGER NOT NULL,                 -- from 0, of all layers; -1: the whole model
  metric   TEXT NOT NULL,                    -- loss (nats per token), held_out_loss (nats per answer), held_out_exact, tokens (trained on so far), step_s, learning_rate, gradient_norm, routing_entropy (of its maximum), load_imbalance, dead_experts, dropped_choices, ...
  value    REAL,                             -- null: not a number
  PRIMARY KEY (training, step, layer, metric)
) STRICT, WITHOUT ROWID;

-- Tokens given to each expert since the row before, of the same layer.
CREATE TABLE training_load (
  training INTEGER NOT NULL REFERENCES training ON DELETE CASCADE,
  step     INTEGER NOT NULL,                 -- steps done
  layer    INTEGER NOT NULL,                 -- from 0, of all layers
  expert   INTEGER NOT NULL,                 -- from 0
  tokens   INTEGER NOT NULL,                 -- how often it was chosen, choices over its capacity too; 0 is stored
  PRIMARY KEY (training, step, layer, expert)
) STRICT, WITHOUT ROWID;

CREATE INDEX training_by_identity ON training (identity);

-- How far each training has come: its newest step, and the newest of its losses.
CREATE VIEW training_progress AS
SELECT t.id AS training, t.name, t.learning_rate,
       (SELECT max(v.step) FROM training_value v WHERE v.training = t.id) AS step,
       (SELECT CAST(v.value AS INTEGER) FROM training_value v WHERE v.training = t.id AND v.layer = -1 AND v.metric = 'tokens'
        ORDER BY v.step DESC LIMIT 1) AS tokens,
       t.planned_tokens,
       (SELECT v.value FROM training_value v WHERE v.training = t.id AND v.layer = -1 AND v.metric = 'loss'
        ORDER BY v.step DESC LIMIT 1) AS loss,
       (SELECT v.value FROM training_value v WHERE v.training = t.id AND v.layer = -1 AND v.metric = 'held_out_loss'
        ORDER BY v.step DESC LIMIT 1) AS held_out_loss,
       t.started_at, t.ended_at
FROM training t;
