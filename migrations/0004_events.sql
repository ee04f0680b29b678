-- What happened, in the order of the commits: webhooks, alert delivery and the pages that poll read on from an id.
CREATE TABLE events (
  id BIGINT NOT NULL PRIMARY KEY,
  time_us BIGINT NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  payload TEXT NOT NULL
);
CREATE INDEX events_by_time ON events (time_us);

-- The row that an appending transaction holds until it commits. A sequence would hand out 7 before 6 is visible, and
-- whoever has read up to 7 would never see 6.
CREATE TABLE event_counter (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  last_id BIGINT NOT NULL
);
INSERT INTO event_counter (one, last_id) VALUES (1, 0);
