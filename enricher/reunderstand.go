package main

import (
	"github.com/cdrflow/cdrflow/services/call"
)

// reunderstand with a set of rules. What it returns is not safe for concurrent use.
func reunderstand(r *rules) reunderstands {
	mind := newUnderstanding(r)
	return func(legs []call.Call, zone string) ([]call.Call, error) {
		clock, err := mind.clock(zone)
		if err != nil {
			return nil, err
		}
		anew, rows := make([]call.Call, len(legs)), make([]*call.Call, len(legs))
		for i := range legs {
			was := &legs[i]
			number, _ := call.SplitID(was.ID)
			row := was.RawRow()
			rows[i] = &anew[i]
			mind.row(&call.Origin{Source: was.Source, SourceNumber: number, Zone: zone, Table: was.Table}, clock, &row, was.Version, rows[i])
		}
		join(rows)
		mind.conversation(rows)
		return anew, nil
	}
}
