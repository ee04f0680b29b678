-- What is to be cleared away, piece by piece, and what a training was asked to train.
--
-- A run that is purged loses its row at once and its points later: its key waits in purged_runs until they are gone.
CREATE TABLE purged_runs (
  run_key BIGINT NOT NULL PRIMARY KEY
);
CREATE INDEX runs_by_deletion ON runs (deleted_time_ms, run_key) WHERE lifecycle = 1;

-- Files and folders that no row points at any more; removed when they have been here long enough.
CREATE TABLE discarded_files (
  uri TEXT NOT NULL PRIMARY KEY,
  discarded_us BIGINT NOT NULL
);
CREATE INDEX discarded_files_by_time ON discarded_files (discarded_us, uri);

-- 1: a training that age or a changed definition asked for, of the models that are due; 0: of all.
ALTER TABLE jobs ADD COLUMN only_due BIGINT NOT NULL DEFAULT 0;
