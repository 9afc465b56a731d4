package main

import (
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/jetstream"
)

// parkedRow is a chunk of the one row, as the PBX wrote it, with the version that it has in history.
func parkedRow(c *call.Call, zone string, reason error) jetstream.Parked {
	o, row := rawOf(c, zone)
	o.Kind = call.KindReplay
	b := call.NewBuilder(o, 0)
	b.AppendRow(&row)
	return jetstream.Parked{
		Stage: stage, ID: strconv.FormatUint(c.ID, 10), Reason: reason.Error(), Source: c.Source, Version: c.Version,
		At: time.Now().UTC(), Body: b.Chunk().Body,
	}
}
