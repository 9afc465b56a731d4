package main

import (
	"encoding/json"
	"strings"
)

// omitted tells whether the PBX asked to leave the call out of accounts: amaflags is OMIT, or its number 1 where the table
// keeps numbers. Such a call opens no ticket.
func omitted(record json.RawMessage) bool {
	var c struct {
		Amaflags json.RawMessage `json:"amaflags"`
	}
	if err := json.Unmarshal(record, &c); err != nil {
		return false // not a record: LogsUpdate says what is wrong with it
	}
	text := strings.Trim(string(c.Amaflags), `"`)
	return text == "1" || strings.EqualFold(text, "OMIT")
}
