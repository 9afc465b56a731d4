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
		anew, g := make([]call.Call, len(legs)), newGroups(len(legs))
		for i := range legs {
			was := &legs[i]
			o, row := rawOf(was, zone)
			mind.row(&o, clock, &row, was.Version, &anew[i])
			g.add(g.at(ownKey(&anew[i])), &anew[i], nil, nil)
		}
		return anew, g.think(mind, nil)
	}
}
