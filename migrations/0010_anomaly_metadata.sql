-- What an anomaly says beside its score: which channels it was, where a method judges several together.
ALTER TABLE anomalies ADD COLUMN metadata TEXT;         -- a JSON object; NULL: an empty one
