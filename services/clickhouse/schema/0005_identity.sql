-- Tokens that are taken no more. A jti says nothing of organisations, so each revocation keeps those of who made it: it is
-- meant for tokens that see no others. Of two by the same, the one that lasts longer stands.
CREATE TABLE IF NOT EXISTS revoked_tokens
(
    jti      String COMMENT 'of the token',
    orgs     Array(UInt32) COMMENT 'all that the revoker saw, in order',
    expires  DateTime64(3, 'UTC') COMMENT 'when it may be forgotten',
    by       String COMMENT 'subject of the revoker',
    at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(expires)
ORDER BY (jti, orgs)
SETTINGS fsync_after_insert = 1;
