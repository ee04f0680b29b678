-- Experiments, runs and what they hold; logged models.
--
-- Two texts, because SQLite stores a table without rowid in the order of its primary key, once, and hands out an
-- INTEGER PRIMARY KEY by itself; they differ in nothing else (tests/unit/tracker/migration_test.cpp). Runs and metric
-- names are numbers inside the store, so that a metric point costs about 30 bytes. No foreign keys on what is written
-- a thousand times a second: only tracker/ writes these tables, and it holds the run's row while it does.

CREATE TABLE experiments (
  experiment_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  artifact_location TEXT NOT NULL,
  lifecycle BIGINT NOT NULL,            -- 0 active, 1 deleted
  creation_time_ms BIGINT NOT NULL,
  last_update_time_ms BIGINT NOT NULL
);

CREATE TABLE experiment_tags (
  experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id),
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment_id, key)
) WITHOUT ROWID;

CREATE TABLE runs (
  run_key INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id),
  run_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  status BIGINT NOT NULL,               -- MLflow's RunStatus
  start_time_ms BIGINT NOT NULL,
  end_time_ms BIGINT,
  lifecycle BIGINT NOT NULL,            -- 0 active, 1 deleted
  deleted_time_ms BIGINT,
  artifact_uri TEXT NOT NULL,
  version BIGINT NOT NULL               -- rises with every change of what the run holds
);
CREATE INDEX runs_by_start ON runs (experiment_id, lifecycle, start_time_ms DESC, run_id);

-- value_hash finds equal values by an index whose entries stay short, however long the value.
CREATE TABLE params (
  run_key BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  value_hash BIGINT NOT NULL,
  experiment_id BIGINT NOT NULL,
  PRIMARY KEY (run_key, key)
) WITHOUT ROWID;
CREATE INDEX params_by_value ON params (experiment_id, key, value_hash);

CREATE TABLE run_tags (
  run_key BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  value_hash BIGINT NOT NULL,
  experiment_id BIGINT NOT NULL,
  PRIMARY KEY (run_key, key)
) WITHOUT ROWID;
CREATE INDEX run_tags_by_value ON run_tags (experiment_id, key, value_hash);

CREATE TABLE metric_names (
  name_key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

-- The key is the whole row, so a point logged twice is stored once. NaN is value 0 with is_nan 1.
CREATE TABLE metric_points (
  run_key BIGINT NOT NULL,
  name_key BIGINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp_ms BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan BIGINT NOT NULL,
  PRIMARY KEY (run_key, name_key, step, timestamp_ms, value, is_nan)
) WITHOUT ROWID;

-- One row for each run and metric: its last point in the order of the key above, which is its latest value.
CREATE TABLE metric_series (
  run_key BIGINT NOT NULL,
  name_key BIGINT NOT NULL,
  experiment_id BIGINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp_ms BIGINT NOT NULL,
  value DOUBLE PRECISION,               -- NULL is NaN
  points BIGINT NOT NULL,               -- how many there are
  in_time_order BIGINT NOT NULL,        -- 1: timestamps never fall along the key
  PRIMARY KEY (run_key, name_key)
) WITHOUT ROWID;
CREATE INDEX metric_series_by_value ON metric_series (experiment_id, name_key, value);

-- Every so many points one is marked with its rank, so that the n-th point is found without counting from the first.
CREATE TABLE metric_marks (
  run_key BIGINT NOT NULL,
  name_key BIGINT NOT NULL,
  rank BIGINT NOT NULL,
  step BIGINT NOT NULL,
  timestamp_ms BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan BIGINT NOT NULL,
  PRIMARY KEY (run_key, name_key, rank)
) WITHOUT ROWID;

CREATE TABLE datasets (
  dataset_key INTEGER PRIMARY KEY,
  experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id),
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema_json TEXT NOT NULL,            -- '' where there is none
  profile_json TEXT NOT NULL,           -- '' where there is none
  UNIQUE (experiment_id, name, digest)
);

-- `context` is the tag mlflow.data.context, which is what searches ask for.
CREATE TABLE run_datasets (
  run_key BIGINT NOT NULL,
  dataset_key BIGINT NOT NULL,
  context TEXT,
  PRIMARY KEY (run_key, dataset_key)
) WITHOUT ROWID;

CREATE TABLE run_dataset_tags (
  run_key BIGINT NOT NULL,
  dataset_key BIGINT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_key, dataset_key, key)
) WITHOUT ROWID;

CREATE TABLE run_models (
  run_key BIGINT NOT NULL,
  is_output BIGINT NOT NULL,            -- 0 an input, 1 an output
  model_id TEXT NOT NULL,
  step BIGINT NOT NULL,
  PRIMARY KEY (run_key, is_output, model_id)
) WITHOUT ROWID;

CREATE TABLE logged_models (
  model_id TEXT NOT NULL PRIMARY KEY,
  experiment_id BIGINT NOT NULL REFERENCES experiments (experiment_id),
  name TEXT NOT NULL,
  artifact_uri TEXT NOT NULL,
  creation_time_ms BIGINT NOT NULL,
  last_update_time_ms BIGINT NOT NULL,
  status BIGINT NOT NULL,               -- MLflow's LoggedModelStatus
  lifecycle BIGINT NOT NULL,            -- 0 active, 1 deleted
  model_type TEXT NOT NULL,
  source_run_id TEXT NOT NULL
);
CREATE INDEX logged_models_by_creation ON logged_models (experiment_id, lifecycle, creation_time_ms DESC, model_id);

CREATE TABLE logged_model_params (
  model_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_tags (
  model_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

CREATE TABLE logged_model_metrics (
  model_id TEXT NOT NULL,
  name TEXT NOT NULL,
  step BIGINT NOT NULL,
  timestamp_ms BIGINT NOT NULL,
  run_id TEXT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_nan BIGINT NOT NULL,
  dataset_name TEXT NOT NULL,        -- '' where there is none
  dataset_digest TEXT NOT NULL,
  PRIMARY KEY (model_id, name, step, timestamp_ms, run_id, value, is_nan)
) WITHOUT ROWID;
