-- What stream detectors must not lose: how far each lane of their input was read, the windows of their keys, their
-- alerts. A lane is a partition of a topic; what has no partitions is lane 0. Constraints that carry a guarantee are
-- marked with "!". `wakeful stream` keeps these tables alone, in a file of its own, so nothing here refers to others.
CREATE TABLE stream_lanes (
  detector TEXT COLLATE "C" NOT NULL,
  lane BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,            -- of the definition that made the state
  epoch BIGINT NOT NULL,                -- ! grows with every owner; a move with an older one is refused
  owner TEXT NOT NULL,
  lease_until_us BIGINT NOT NULL,       -- where nobody outside says whose lane it is; 0: free
  next_offset BIGINT NOT NULL,          -- ! compared and set; -1: nothing was read yet
  prior_offset BIGINT NOT NULL,         -- where the last batch began
  is_open BIGINT NOT NULL,              -- 1: the last batch counts only if the topics got it
  end_offset BIGINT NOT NULL,           -- of the input as last seen
  counts TEXT NOT NULL,                 -- JSON
  prior_counts TEXT NOT NULL,           -- before the last batch
  updated_us BIGINT NOT NULL,
  PRIMARY KEY (detector, lane)
);

CREATE TABLE stream_keys (
  detector TEXT COLLATE "C" NOT NULL,
  lane BIGINT NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  state TEXT NOT NULL,                  -- base64url of little-endian doubles
  prior_state TEXT,                     -- before the last batch that changed it; NULL: there was none
  batch BIGINT NOT NULL,                -- the offset behind that batch; -1: taken back
  PRIMARY KEY (detector, lane, name)
);

CREATE TABLE stream_alerts (
  detector TEXT COLLATE "C" NOT NULL,
  lane BIGINT NOT NULL,
  number BIGINT NOT NULL,               -- counts the alerts of the lane
  name TEXT NOT NULL,                   -- the key
  start_us BIGINT NOT NULL,             -- of the window
  end_us BIGINT NOT NULL,
  event_us BIGINT NOT NULL,             -- of the event that made it
  event_count BIGINT NOT NULL,
  value DOUBLE PRECISION NOT NULL,
  is_resolved BIGINT NOT NULL,
  score DOUBLE PRECISION,               -- of an algorithm, and what it expected; NULL: a comparison was made
  expected DOUBLE PRECISION,
  lower DOUBLE PRECISION,
  upper DOUBLE PRECISION,
  PRIMARY KEY (detector, lane, number)                                                           -- ! none twice
);
CREATE INDEX stream_alerts_by_time ON stream_alerts (start_us, detector, lane, number);
CREATE INDEX stream_alerts_by_detector ON stream_alerts (detector, start_us, lane, number);

-- The stream detectors that are applied to a server; `wakeful stream` has none here.
CREATE TABLE stream_detectors (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  definition TEXT NOT NULL,             -- JSON
  digest TEXT NOT NULL,                 -- sha256 of it
  revision BIGINT NOT NULL,
  push TEXT COLLATE "C" NOT NULL,       -- the input that it reads, or ''
  error TEXT NOT NULL,                  -- why it does not run; '': nothing is known against it
  error_us BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  updated_us BIGINT NOT NULL
);

-- What is pushed for stream detectors that read without a broker; removed when all of them have read it.
CREATE TABLE pushed_events (
  input TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,               -- from 0, without a gap
  line TEXT NOT NULL,                   -- {"key": …, "ts": …, "value": {…}}
  pushed_us BIGINT NOT NULL,
  PRIMARY KEY (input, number)
);

-- The next number of each input. A row is held until its transaction commits, so numbers appear in their order.
CREATE TABLE pushed_inputs (
  input TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  next_number BIGINT NOT NULL,
  first_number BIGINT NOT NULL          -- what lies before it is gone
);
