-- What machines can do at most, so that what a model reaches can be stated as a share of it.

-- A rate measured on a machine by `moebench doctor --measure`, with the 95 % interval of the median of its passes.
CREATE TABLE ceiling (
  environment INTEGER NOT NULL REFERENCES environment,
  measured_at TEXT NOT NULL,                 -- the same for all of one measurement
  what        TEXT NOT NULL,                 -- 'read' of memory that no cache holds, 'multiply-add' in registers (two operations each)
  dtype       TEXT NOT NULL,                 -- of what is multiplied; '' of reading
  threads     INTEGER NOT NULL,
  unit        TEXT NOT NULL,                 -- B/s, FLOP/s
  rate        REAL NOT NULL,                 -- median of the passes
  low         REAL NOT NULL,                 -- 95 % interval
  high        REAL NOT NULL,                 -- its upper end
  build       TEXT NOT NULL,                 -- as in run
  PRIMARY KEY (environment, measured_at, what, dtype, threads)
) STRICT, WITHOUT ROWID;

-- The newest measurement of each machine: of every rate the largest, over the numbers of threads.
CREATE VIEW newest_ceiling AS
SELECT environment, what, dtype, unit, max(rate) AS rate, threads, measured_at
FROM ceiling c
WHERE measured_at = (SELECT max(measured_at) FROM ceiling n WHERE n.environment = c.environment)
GROUP BY environment, what, dtype, unit;
