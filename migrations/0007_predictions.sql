-- Predictions of intervals: jobs of a third kind (2 predict), whose interval is asked for, from its beginning on.

-- Up to where a schedule has made the runs of intervals. NULL: none yet.
ALTER TABLE detectors ADD COLUMN predicted_until_us BIGINT;

DROP INDEX jobs_pending;
CREATE UNIQUE INDEX jobs_pending ON jobs (detector, kind, (COALESCE(asked_until_us, -1)), (CASE WHEN kind = 2 THEN COALESCE(from_us, -1) ELSE -1 END)) WHERE state = 0;  -- ! one waits
