-- What `wakeful stream` alone keeps of its state: by which name brokers know it, kept before it says it to any, for a
-- process that is killed while it joins a group would come again as a stranger, and the group would wait for the first
-- one until its session ends; and which files the lengths are of that the lanes count.
CREATE TABLE stream_instances (
  detector TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  output_file TEXT,                     -- '': none was written yet; NULL: from before files were kept
  dead_letters_file TEXT
);
