-- What is understood of a row beyond 0001, and on each organisation's first leg of a conversation (the head) what all
-- its legs come to. Lengths are seconds in an Int32 with -1 for unknown, and times 1970 for unknown: an insert is sent,
-- sorted and merged column by column, and a Nullable counts for two. ix_linkedid_range is for searches of thousands of
-- conversations, which a bloom index does not narrow down: a linkedid begins with its time, as the rows lie.
ALTER TABLE calls
    ADD COLUMN IF NOT EXISTS did LowCardinality(String) COMMENT 'the number an outside caller dialled',
    ADD COLUMN IF NOT EXISTS outcome LowCardinality(String) COMMENT 'answered, missed, abandoned, …: of this leg',
    ADD COLUMN IF NOT EXISTS leg_kind LowCardinality(String) COMMENT 'what part of its conversation the row is: dial, queue, transfer, …',
    ADD COLUMN IF NOT EXISTS caller_extension LowCardinality(String),
    ADD COLUMN IF NOT EXISTS ring_time Int32 DEFAULT -1 COMMENT 'seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS talk_time Int32 DEFAULT -1 COMMENT 'seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ivr_time Int32 DEFAULT -1 COMMENT 'seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS caller String COMMENT 'E.164' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS callee String COMMENT 'E.164' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS withheld UInt8,
    ADD COLUMN IF NOT EXISTS tags Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS disconnected_confidence UInt8 COMMENT 'percent, 0 unknown',
    ADD COLUMN IF NOT EXISTS queue LowCardinality(String) COMMENT 'what queue_name is understood to be where it is empty',
    ADD COLUMN IF NOT EXISTS queue_wait Int32 DEFAULT -1 COMMENT 'what queue_wait_time is understood to be: seconds, -1 unknown' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS agent LowCardinality(String) COMMENT 'what answered_agent is understood to be where it is empty',
    ADD COLUMN IF NOT EXISTS joined String COMMENT 'the linkedid of the conversation that the leg was joined to' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS omitted UInt8 DEFAULT amaflags = 1 COMMENT 'amaflags OMIT: not for lists and statistics',

    ADD COLUMN IF NOT EXISTS conv_legs UInt16 COMMENT 'how many legs the organisation has of the conversation; 0: not the head' CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_complete UInt8,
    ADD COLUMN IF NOT EXISTS conv_answer DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_end DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_outcome LowCardinality(String),
    ADD COLUMN IF NOT EXISTS conv_queue_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS conv_answered_by LowCardinality(String),
    ADD COLUMN IF NOT EXISTS conv_answered_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS conv_disconnected_by LowCardinality(String),
    ADD COLUMN IF NOT EXISTS conv_confidence UInt8,
    ADD COLUMN IF NOT EXISTS conv_wait_time Int32 DEFAULT -1 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_ring_time Int32 DEFAULT -1 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_talk_time Int32 DEFAULT -1 CODEC(T64, ZSTD(1)),
    ADD COLUMN IF NOT EXISTS conv_tags Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS conv_detail String COMMENT 'what is shown of the conversation and never searched for: JSON' CODEC(ZSTD(1)),

    ADD COLUMN IF NOT EXISTS conv_settled UInt8 ALIAS (conv_complete = 1 AND stored_at < now64(3) - INTERVAL 10 SECOND)
        OR stored_at < now64(3) - INTERVAL 15 MINUTE COMMENT 'no further leg is expected: a late one rewrites the head, and its stored_at',
    MODIFY COLUMN conversation_id String ALIAS concat(source, ':', multiIf(joined != '', joined, linkedid != '', linkedid, uniqueid)),
    ADD INDEX IF NOT EXISTS ix_linkedid_range linkedid TYPE minmax GRANULARITY 1,
    ADD INDEX IF NOT EXISTS ix_joined joined TYPE bloom_filter(0.001) GRANULARITY 1;

-- A block of 20,000 rows stays a compact part of a few files, written and synced at once; as a wide part it would be 300,
-- and the insert take twice the time of the processor.
ALTER TABLE calls MODIFY SETTING min_bytes_for_wide_part = 67108864;

-- One row a conversation and organisation, for people and BI. Where the detail is silent the head's own columns speak.
CREATE OR REPLACE VIEW conversations AS
SELECT
    c.conversation_id AS conversation_id,
    c.org_id AS org_id,
    c.source AS source,
    c.id AS head_id,
    c.calldate AS start,
    nullIf(c.conv_answer, toDateTime64(0, 3, 'UTC')) AS answer,
    nullIf(c.conv_end, toDateTime64(0, 3, 'UTC')) AS end,
    c.direction AS direction,
    -- While the caller's own row is still expected, nobody was missed.
    if(c.conv_complete = 0 AND c.conv_settled = 0 AND c.conv_outcome != 'answered', 'unknown', toString(c.conv_outcome)) AS outcome,
    CAST(c.conv_answered_type, 'String') IN ('human', 'queue') AS answered,
    c.conv_settled AS settled,
    c.conv_legs AS legs,
    c.conv_queue_name AS queue_name,
    c.conv_answered_by AS answered_by,
    c.conv_answered_type AS answered_type,
    c.conv_disconnected_by AS disconnected_by,
    nullIf(c.conv_confidence, 0) / 100 AS disconnected_confidence,
    nullIf(c.conv_wait_time, -1) AS wait_time,
    nullIf(c.conv_ring_time, -1) AS ring_time,
    nullIf(c.conv_talk_time, -1) AS talk_time,
    c.conv_tags AS tags,
    c.caller_extension AS caller_extension,
    c.caller AS caller,
    c.callee AS callee,
    c.withheld AS withheld,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'src'), ''), c.src) AS src,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'dst'), ''), c.dst) AS dst,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'did'), ''), toString(c.did)) AS did,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'trunk'), ''), toString(c.trunk)) AS trunk,
    JSONExtractString(c.conv_detail, 'source_name') AS source_name,
    multiIf(JSONExtractString(c.conv_detail, 'requested_extension') != '', JSONExtractString(c.conv_detail, 'requested_extension'),
        c.did != '' OR NOT JSONHas(c.conv_detail, 'legs') AND (length(dst) > 1 AND match(dst, '^[+0-9*#]+$')
            OR dst = toString(c.rang_extension) OR dst = toString(c.queue)), dst, '') AS requested_extension,
    JSONExtractString(c.conv_detail, 'requested_name') AS requested_name,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'requested_context'), ''), toString(c.dcontext)) AS requested_context,
    multiIf(JSONExtractString(c.conv_detail, 'destination_extension') != '', JSONExtractString(c.conv_detail, 'destination_extension'),
        c.rang_extension != '', toString(c.rang_extension), dst) AS destination_extension,
    JSONExtractString(c.conv_detail, 'destination_name') AS destination_name,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'destination_context'), ''), toString(c.dcontext)) AS destination_context,
    multiIf(JSONHas(c.conv_detail, 'queue_wait_time'), JSONExtract(c.conv_detail, 'queue_wait_time', 'Nullable(Int64)'),
        c.conv_legs = 1 AND c.queue_wait >= 0, toInt64(c.queue_wait), NULL) AS queue_wait_time,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'answered_agent'), ''), if(c.conv_legs = 1, toString(c.agent), '')) AS answered_agent,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'hangup_cause'), ''), if(c.conv_legs = 1, toString(c.hangup_cause), '')) AS hangup_cause,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'hangup_reason'), ''), if(c.conv_legs = 1, toString(c.hangup_reason), '')) AS hangup_reason,
    ifNull(nullIf(JSONExtractString(c.conv_detail, 'hangup_source'), ''), if(c.conv_legs = 1, c.hangup_source, '')) AS hangup_source,
    c.conv_detail AS detail
FROM calls AS c FINAL
WHERE c.conv_legs > 0 AND c.omitted = 0;

-- Names for the org_ids, as the rules file has them. An organisation that leaves the file is removed.
CREATE TABLE IF NOT EXISTS organisations
(
    id          UInt32,
    name        String,
    parent      UInt32 COMMENT 'the organisation above it, 0 for none',
    zone        String COMMENT 'time zone, as Europe/Paris',
    version     UInt64 DEFAULT toUnixTimestamp64Micro(now64(6)),
    is_deleted  UInt8
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY id
SETTINGS fsync_after_insert = 1;
