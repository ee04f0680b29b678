-- By which name `wakeful stream` is known to brokers: kept before it says it to any, for a process that is killed while
-- it joins a group would come again as a stranger, and the group would wait for the first one until its session ends.
CREATE TABLE stream_instances (
  detector TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT NOT NULL
);
