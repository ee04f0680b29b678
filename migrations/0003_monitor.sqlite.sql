-- The watch: detectors, jobs and leases, online models, evaluations with scores and anomalies, observations.
--
-- Two texts, because SQLite stores a table without rowid in the order of its primary key, once, and hands out an
-- INTEGER PRIMARY KEY by itself; they differ in nothing else (tests/unit/monitor/migration_test.cpp). Names that are
-- repeated in millions of rows are numbers inside. The constraints that carry the guarantees of monitoring.md §5 are
-- marked with "!".

CREATE TABLE detectors (
  name TEXT NOT NULL PRIMARY KEY,
  definition TEXT NOT NULL,             -- JSON, in its one form
  digest TEXT NOT NULL,                 -- sha256 of it
  revision BIGINT NOT NULL,             -- counts the changes
  created_us BIGINT NOT NULL,
  updated_us BIGINT NOT NULL,
  next_tick_us BIGINT,                  -- NULL: manual
  missed_ticks BIGINT NOT NULL,
  evaluated_us BIGINT,                  -- wall clock: the last job of each kind that succeeded
  trained_us BIGINT
);
CREATE INDEX detectors_by_tick ON detectors (next_tick_us) WHERE next_tick_us IS NOT NULL;

CREATE TABLE detector_revisions (
  name TEXT NOT NULL,
  revision BIGINT NOT NULL,
  definition TEXT NOT NULL,
  digest TEXT NOT NULL,
  applied_us BIGINT NOT NULL,
  PRIMARY KEY (name, revision)
) WITHOUT ROWID;

-- What a job works on is its detector, once for training and once for evaluating.
CREATE TABLE jobs (
  job_id TEXT NOT NULL PRIMARY KEY,
  detector TEXT NOT NULL,
  kind BIGINT NOT NULL,                 -- 0 train, 1 evaluate
  state BIGINT NOT NULL,                -- 0 pending, 1 running, 2 succeeded, 3 failed, 4 skipped, 5 cancelled
  tick_us BIGINT,                       -- the tick that made it; NULL for one that was asked for
  asked_until_us BIGINT,                -- runs as if it were that late; NULL: as late as it is
  from_us BIGINT,                       -- the interval, set when it is claimed
  until_us BIGINT,
  attempt BIGINT NOT NULL,
  max_attempts BIGINT NOT NULL,
  not_before_us BIGINT NOT NULL,
  fence BIGINT NOT NULL,                -- of the lease that runs it
  owner TEXT NOT NULL,
  run_id TEXT NOT NULL,                 -- the run that it logs to
  created_us BIGINT NOT NULL,
  started_us BIGINT,
  finished_us BIGINT,
  error TEXT NOT NULL,
  result TEXT NOT NULL                  -- JSON
);
CREATE UNIQUE INDEX jobs_by_tick ON jobs (detector, kind, tick_us);                              -- ! one job a tick
CREATE UNIQUE INDEX jobs_running ON jobs (detector, kind) WHERE state = 1;                       -- ! one runs
CREATE UNIQUE INDEX jobs_pending ON jobs (detector, kind, (COALESCE(asked_until_us, -1))) WHERE state = 0;  -- ! one waits
CREATE INDEX jobs_due ON jobs (not_before_us, created_us, job_id) WHERE state = 0;
CREATE INDEX jobs_by_time ON jobs (created_us, job_id);
CREATE INDEX jobs_by_detector ON jobs (detector, created_us, job_id);

-- Rows stay for good: a fence only ever grows. !
CREATE TABLE leases (
  detector TEXT NOT NULL,
  kind BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  owner TEXT NOT NULL,
  lease_until_us BIGINT NOT NULL,       -- 0: free
  PRIMARY KEY (detector, kind)
) WITHOUT ROWID;

-- What a model is asked about: the metric of the detector file as it was when the model was trained.
CREATE TABLE watched_queries (
  query_key INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  query TEXT NOT NULL,                  -- JSON
  datasource TEXT NOT NULL
);

-- One row for each registered model that was ever online; scores hang on its key, so a retired one stays.
CREATE TABLE online_models (
  model_key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  detector TEXT NOT NULL,
  deployment_mode TEXT NOT NULL,
  observations TEXT NOT NULL,           -- the source in the built-in store, or ''
  query_key BIGINT NOT NULL REFERENCES watched_queries (query_key),
  granularity_us BIGINT NOT NULL,
  digest TEXT NOT NULL,                 -- of what it was trained on: metric, granularity, algorithms
  version BIGINT NOT NULL,
  row_version BIGINT NOT NULL,          -- ! compared and set, together with:
  last_evaluation_us BIGINT NOT NULL,   -- ! start of the last evaluated bucket; never moves back
  artifact_uri TEXT NOT NULL,
  artifact_sha256 TEXT NOT NULL,
  artifact_size_bytes BIGINT NOT NULL,
  creation_run_id TEXT NOT NULL,
  trained_us BIGINT NOT NULL,           -- wall clock
  retired_us BIGINT,                    -- NULL: on watch
  fence BIGINT NOT NULL
);
CREATE INDEX online_models_by_detector ON online_models (detector, name);
CREATE INDEX online_models_by_observations ON online_models (observations) WHERE observations <> '';

CREATE TABLE evaluations (
  evaluation_key INTEGER PRIMARY KEY,
  evaluation_id TEXT NOT NULL UNIQUE,   -- ! a repeated commit is known
  model_key BIGINT NOT NULL,
  query_key BIGINT NOT NULL,
  from_version BIGINT NOT NULL,
  version BIGINT NOT NULL,
  from_us BIGINT NOT NULL,
  to_us BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  anomaly_count BIGINT NOT NULL,
  fence BIGINT NOT NULL,
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  input_digest TEXT NOT NULL,
  created_us BIGINT NOT NULL
);
CREATE UNIQUE INDEX evaluations_by_version ON evaluations (model_key, from_version);             -- ! one successor
CREATE INDEX evaluations_by_time ON evaluations (model_key, to_us, evaluation_key);
CREATE INDEX evaluations_by_job ON evaluations (job_id);

-- A line of scores: one entity as one algorithm sees it.
CREATE TABLE score_tracks (
  track_key INTEGER PRIMARY KEY,
  model_key BIGINT NOT NULL,
  entity TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  UNIQUE (model_key, entity, algorithm)
);

CREATE TABLE scores (
  model_key BIGINT NOT NULL,
  ts_us BIGINT NOT NULL,
  track_key BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  evaluation_key BIGINT NOT NULL,
  value DOUBLE PRECISION,
  expected DOUBLE PRECISION,
  lower DOUBLE PRECISION,
  upper DOUBLE PRECISION,
  score DOUBLE PRECISION,               -- NULL: no verdict
  is_anomaly BIGINT NOT NULL,
  PRIMARY KEY (model_key, ts_us, track_key, revision)                                            -- ! none twice
) WITHOUT ROWID;

-- Those of the scores that are anomalies, in the order in which people look at them.
CREATE TABLE anomalies (
  ts_us BIGINT NOT NULL,
  model_key BIGINT NOT NULL,
  track_key BIGINT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (ts_us, model_key, track_key)
) WITHOUT ROWID;
CREATE INDEX anomalies_by_model ON anomalies (model_key, ts_us, track_key);

CREATE TABLE sources (
  source_key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  row_count BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  updated_us BIGINT NOT NULL
);

CREATE TABLE source_columns (
  source_key BIGINT NOT NULL,
  name TEXT NOT NULL,
  is_metric BIGINT NOT NULL,            -- 0 a dimension, 1 a metric
  PRIMARY KEY (source_key, name)
) WITHOUT ROWID;

CREATE TABLE channels (
  channel_key INTEGER PRIMARY KEY,
  source_key BIGINT NOT NULL,
  metric TEXT NOT NULL,
  UNIQUE (source_key, metric)
);

-- One metric with one set of dimensions.
CREATE TABLE series (
  series_key INTEGER PRIMARY KEY,
  channel_key BIGINT NOT NULL,
  dims TEXT NOT NULL,                   -- JSON: {"region":"eu"}, by name
  first_us BIGINT NOT NULL,
  last_us BIGINT NOT NULL,
  UNIQUE (channel_key, dims)
);

-- In time order, because that is how they come and how they are read.
CREATE TABLE observations (
  channel_key BIGINT NOT NULL,
  ts_us BIGINT NOT NULL,
  series_key BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (channel_key, ts_us, series_key)
) WITHOUT ROWID;
