-- One row a call row of a PBX. The key is (org_id, calldate, id): a list reads one organisation's newest rows from the
-- primary key alone. Redelivery writes the same key and version again and collapses; a row that moved leaves a
-- tombstone (is_deleted) at its old key.
CREATE TABLE IF NOT EXISTS calls
(
    org_id           UInt32,
    calldate         DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    id               UInt64 CODEC(Delta(8), ZSTD(1)),
    version          UInt64 CODEC(Delta(8), ZSTD(1)),
    is_deleted       UInt8,
    source           LowCardinality(String),
    source_table     LowCardinality(String) COMMENT 'the table as it was read: JSON [[column, type], …]',
    nulls            LowCardinality(String) COMMENT 'columns that are NULL, comma-separated',
    flags            LowCardinality(String) COMMENT 'what was odd about the row, comma-separated',
    raw_hash         UInt64,
    stored_at        DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta(8), ZSTD(1)),

    calldate_offset  Int32 COMMENT 'seconds the PBX clock was ahead of UTC' CODEC(T64, ZSTD(1)),
    clid             String CODEC(ZSTD(1)),
    src              String CODEC(ZSTD(1)),
    dst              String CODEC(ZSTD(1)),
    dcontext         LowCardinality(String),
    channel          String CODEC(ZSTD(1)),
    dstchannel       String CODEC(ZSTD(1)),
    lastapp          LowCardinality(String),
    lastdata         String CODEC(ZSTD(1)),
    duration         Int64 COMMENT 'seconds' CODEC(T64, ZSTD(1)),
    billsec          Int64 COMMENT 'seconds' CODEC(T64, ZSTD(1)),
    disposition      LowCardinality(String),
    amaflags         Int64 CODEC(T64, ZSTD(1)),
    accountcode      LowCardinality(String),
    uniqueid         String CODEC(ZSTD(1)),
    userfield        String CODEC(ZSTD(1)),
    answer           Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    answer_offset    Int32 CODEC(T64, ZSTD(1)),
    end              Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    end_offset       Int32 CODEC(T64, ZSTD(1)),
    linkedid         String CODEC(ZSTD(1)),
    peeraccount      LowCardinality(String),
    sequence         Int64 CODEC(Delta(8), ZSTD(1)),
    queue_name       LowCardinality(String),
    queue_wait_time  Int64 COMMENT 'seconds; see nulls' CODEC(T64, ZSTD(1)),
    answered_agent   LowCardinality(String),
    recordingfile    String CODEC(ZSTD(1)),
    extra            Map(LowCardinality(String), String) COMMENT 'site columns, and texts that a typed column would change',

    conversation_id  String ALIAS concat(source, ':', if(linkedid = '', uniqueid, linkedid)),
    direction        LowCardinality(String),
    trunk            LowCardinality(String),
    rang_extension   LowCardinality(String),
    answered_by      LowCardinality(String),
    answered_type    LowCardinality(String),
    wait_time        Nullable(Int64) COMMENT 'seconds: duration - billsec' CODEC(ZSTD(1)),
    disconnected_by  LowCardinality(String),
    hangup_cause     LowCardinality(String),
    hangup_reason    LowCardinality(String),
    hangup_source    String CODEC(ZSTD(1)),

    INDEX ix_id_range id TYPE minmax GRANULARITY 1,
    INDEX ix_id id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX ix_linkedid linkedid TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version, is_deleted)
PARTITION BY toYYYYMM(calldate)
ORDER BY (org_id, calldate, id)
SETTINGS non_replicated_deduplication_window = 10000, min_age_to_force_merge_seconds = 3600,
    min_age_to_force_merge_on_partition_only = 1, fsync_after_insert = 1;
