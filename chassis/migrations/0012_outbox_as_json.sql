-- Headers are written once and read once: as they are, not taken apart and put together again.
ALTER TABLE outbox ALTER COLUMN headers TYPE json;
