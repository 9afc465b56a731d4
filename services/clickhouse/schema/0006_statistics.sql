-- What statistics count a row for, as the enricher decided it: a stay in a queue is kept on its first row, and whom a row
-- called on that row alone which counts for it. So entries and offers are counted without folding rows again.
ALTER TABLE calls
    ADD COLUMN IF NOT EXISTS entry_outcome LowCardinality(String) COMMENT 'how a stay in a queue ended: answered, abandoned, timeout, exit; empty: no stay begins here',
    ADD COLUMN IF NOT EXISTS entry_wait Int32 DEFAULT -1 COMMENT 'seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS entry_talk Int32 DEFAULT -1 COMMENT 'seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS called UInt8 COMMENT 'whom the row called: 1 a phone, 2 a trunk; 0 nobody, or another row counts';
