package main

import "slices"

// right is one thing a holder may do; the scope claim lists rights with spaces between them. Every operation needs exactly
// one.
type right string

// The rights.
const (
	readCalls         right = "calls:read"
	readConversations right = "conversations:read"
	readStats         right = "stats:read"
	streamCalls       right = "calls:stream"
	exportCalls       right = "calls:export"      // CSV
	exportBulk        right = "calls:export-bulk" // NDJSON, Parquet and XLSX
	readRecordings    right = "recordings:read"
	linkRecordings    right = "recordings:link"
	eraseRecordings   right = "recordings:erase"
	writeTags         right = "tags:write"
	readAudit         right = "audit:read"
	revokeTokens      right = "tokens:revoke"
	setRetention      right = "retention:manage"
	setWebhooks       right = "webhooks:manage"
	readParked        right = "parked:read"
)

// roles and their rights. A role widens nothing that is seen: only the claim orgs does.
var roles = func() map[string][]right {
	agent := []right{readCalls, readConversations, readStats, streamCalls, exportCalls, readRecordings, linkRecordings}
	supervisor := slices.Concat(agent, []right{writeTags, exportBulk})
	admin := slices.Concat(supervisor, []right{eraseRecordings, readAudit, revokeTokens, setRetention, setWebhooks, readParked})
	return map[string][]right{"agent": agent, "supervisor": supervisor, "admin": admin}
}()

const leastRole = "agent"
