-- Registered models, their versions, tags and aliases.
--
-- A model's name is its key: searches order by it, and an index that ends in it needs no sort. Renaming is rare, and the
-- foreign keys carry it along, as they carry deletion. Values are indexed by their first 64 characters, because a value
-- may be longer than an index entry of PostgreSQL; whoever looks one up compares the whole value, too.

CREATE TABLE registered_models (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  description TEXT NOT NULL,            -- '' where there is none
  last_version BIGINT NOT NULL,         -- highest number that a version ever had: none is given twice
  row_version BIGINT NOT NULL,          -- moves with every version made or deleted; a model made anew never repeats one
  managed_by TEXT COLLATE "C" NOT NULL  -- '' a client's own, 'detector' what a training registered
);
CREATE INDEX registered_models_by_update ON registered_models (updated_ms, name);

CREATE TABLE registered_model_tags (
  name TEXT COLLATE "C" NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE ON DELETE CASCADE,
  key TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name, key)
);
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (key, substr(value, 1, 64), name);

CREATE TABLE model_versions (
  name TEXT COLLATE "C" NOT NULL REFERENCES registered_models (name) ON UPDATE CASCADE ON DELETE CASCADE,
  version BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  stage BIGINT NOT NULL,                -- 0 None, 1 Staging, 2 Production, 3 Archived
  description TEXT,
  source TEXT COLLATE "C" NOT NULL,     -- as the client gave it
  location TEXT NOT NULL,               -- where the files are: the source, or what a source "models:/…" leads to
  run_id TEXT COLLATE "C" NOT NULL,     -- '' where there is none, like the next two
  run_link TEXT NOT NULL,
  model_id TEXT NOT NULL,
  PRIMARY KEY (name, version)
);
CREATE INDEX model_versions_by_stage ON model_versions (name, stage, version);
CREATE INDEX model_versions_by_run ON model_versions (run_id, name, version);
CREATE INDEX model_versions_by_update ON model_versions (updated_ms DESC, name, version DESC);

CREATE TABLE model_version_tags (
  name TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (name, version, key),
  FOREIGN KEY (name, version) REFERENCES model_versions (name, version) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX model_version_tags_by_value ON model_version_tags (key, substr(value, 1, 64), name, version);

CREATE TABLE registered_model_aliases (
  name TEXT COLLATE "C" NOT NULL,
  alias TEXT COLLATE "C" NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (name, alias),
  FOREIGN KEY (name, version) REFERENCES model_versions (name, version) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX registered_model_aliases_by_version ON registered_model_aliases (name, version);
