package main

import (
	"strconv"
	"strings"
)

// dialLimit is the time that Dial(targets,timeout,…) allows, in seconds; 0 where it says none.
func dialLimit(lastdata string) int64 { return limitAt(lastdata, 1) }

// queueLimit is the time that Queue(name,options,url,announce,timeout,…) allows, in seconds; 0 where it says none.
func queueLimit(lastdata string) int64 { return limitAt(lastdata, 4) }

// limitAt reads the argument behind so many commas.
func limitAt(lastdata string, commas int) int64 {
	for range commas {
		_, lastdata, _ = strings.Cut(lastdata, ",")
	}
	text, _, _ := strings.Cut(lastdata, ",")
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
