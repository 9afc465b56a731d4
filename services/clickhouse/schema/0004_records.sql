-- What people add to calls and do with them. The enricher alone writes calls: edits stand beside them and are applied when
-- calls are read. FINAL folds versions, which the server's clock gives, so that the last writer of several wins.

-- A tag that was put on a call (present) or taken off it, for the organisation that did so: a call that moves to another
-- organisation leaves its edits behind. conversation_id and calldate are those of the call at that time; they narrow a
-- search down and decide nothing.
CREATE TABLE IF NOT EXISTS call_tags
(
    org_id           UInt32,
    id               UInt64 COMMENT 'of the call',
    tag              String,
    present          UInt8,
    conversation_id  String,
    calldate         DateTime64(3, 'UTC'),
    by               String COMMENT 'subject of the token',
    at               DateTime64(3, 'UTC') DEFAULT now64(3),
    version          UInt64 DEFAULT toUnixTimestamp64Micro(now64(6))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (org_id, id, tag)
SETTINGS fsync_after_insert = 1;

-- What is erased of a call, whatever organisation the call belongs to later. It is wanted before anything is removed, and
-- done when all of it is.
CREATE TABLE IF NOT EXISTS erasures
(
    id               UInt64 COMMENT 'of the call',
    org_id           UInt32 COMMENT 'whose call it was',
    what             LowCardinality(String) COMMENT 'recording',
    done             UInt8 COMMENT '0: wanted, and some of it may still be there',
    source           LowCardinality(String),
    file             String COMMENT 'recordingfile, as the row had it',
    conversation_id  String,
    calldate         DateTime64(3, 'UTC'),
    by               String COMMENT 'subject of the token',
    at               DateTime64(3, 'UTC') DEFAULT now64(3),
    version          UInt64 DEFAULT toUnixTimestamp64Micro(now64(6))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (id, org_id, what)
SETTINGS fsync_after_insert = 1;

-- What holders of tokens did, written down before they did it. Nothing in it opens anything: no token, no secret.
CREATE TABLE IF NOT EXISTS audit_log
(
    at               DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    entry            String COMMENT 'names the entry',
    orgs             Array(UInt32) COMMENT 'whose data it was about',
    subject          String COMMENT 'sub of the token',
    role             LowCardinality(String),
    action           LowCardinality(String),
    object           String COMMENT 'what it was done to: the id of a call, …',
    detail           String COMMENT 'JSON' CODEC(ZSTD(1)),
    request_id       String,
    remote           String COMMENT 'address that the request came from'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, entry)
SETTINGS fsync_after_insert = 1;
