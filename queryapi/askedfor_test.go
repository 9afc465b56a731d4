package main

import (
	"fmt"
	"strings"
	"time"
)

// askedFor are the values that parameters of a query string are asked with, as far as they are about the data of a flock.
var askedFor = map[string]func(flock) []string{
	"limit":   fixedly("1", "200"),
	"offset":  fixedly("1", "10000"),
	"org_id":  func(f flock) []string { return []string{fmt.Sprint(f.org), "0", "11", "7"} },
	"recurse": fixedly("true"),
	"ama":     fixedly("omit"),
	"date_from": func(flock) []string {
		return []string{day(0), day(-500), hatched.Add(time.Minute).Format(time.RFC3339)}
	},
	"date_to": func(flock) []string {
		return []string{day(0), day(-300), hatched.Add(3 * time.Minute).Format(time.RFC3339)}
	},
	"tz":          fixedly("Asia/Kolkata", "America/St_Johns"),
	"direction":   fixedly("all", "inbound", "outbound", "internal", "transit,unknown"),
	"disposition": fixedly("ANSWERED", "NO ANSWER"),
	"from":        func(f flock) []string { return []string{sharedNumber[2:8], f.bird} },
	"to":          func(f flock) []string { return []string{sharedDID, f.bird} },
	"search":      func(f flock) []string { return []string{f.own("caller"), f.own("person"), f.bird, sharedNumber} },
	"outcome":     fixedly("answered", "missed", "abandoned"),
	"number":      fixedly("+"+sharedNumber, sharedNumber[:10]+"99", sharedNumber[:6]+"_", "1001"),
	"extension":   func(f flock) []string { return []string{"1001", f.own("1002"), f.own("phone")} },
	"agent":       func(f flock) []string { return []string{"1001", "SIP/1001", f.own("agent"), "SIP/" + f.own("agent")} },
	"queue":       func(f flock) []string { return []string{sharedQueue, f.own("queue")} },
	"trunk":       func(f flock) []string { return []string{f.own("trunk")} },
	"did":         fixedly(sharedDID, "+"+sharedDID),
	"tag": func(f flock) []string {
		return []string{sharedTag, f.own("tag"), f.own("added"), f.own("left"), "vip," + f.own("tag")}
	},
	"recorded":        fixedly("true", "false"),
	"min_duration":    fixedly("1"),
	"max_duration":    fixedly("9", "100"),
	"min_talk":        fixedly("1"),
	"max_talk":        fixedly("0", "100"),
	"min_wait":        fixedly("1"),
	"max_wait":        fixedly("3", "100"),
	"hangup_cause":    fixedly("16", "17"),
	"disconnected_by": fixedly("caller", "callee"),
	"conversation_id": flock.conversationIDs,
	"source":          fixedly("pbx", "annex"),
	"leg_kind":        fixedly("queue", "dial"),
	"answered_type":   fixedly("human"),
	"sort":            fixedly("calldate", "-calldate", "duration", "id"),
	"order":           fixedly("asc", "desc"),
	"format":          fixedly("csv", "ndjson", "json", "xlsx", "parquet"),
	"subject":         func(f flock) []string { return []string{f.own("subject"), f.own("editor")} },
	"action":          fixedly("tags_change", "recording_read"),
	"object":          func(f flock) []string { return []string{fmt.Sprint(f.id(rowMissed)), fmt.Sprint(f.id(rowSpanning))} },
	"last_event_id":   fixedly("1.1"),
	"total":           fixedly("exact"),
	"counted":         fixedly("calls.calls", "queues.entries", "queues.answered", "agents.answered", "trunks.calls", "numbers.calls", "missed.callers"),
	"group": func(f flock) []string {
		return []string{sharedQueue, "1001", sharedDID, f.own("trunk"), f.own("agent")}
	},
	"of":            fixedly("did", "caller", "callee"),
	"hour_of_week":  fixedly("0", "106"),
	"figures":       fixedly("talk.p90,busiest_hour", "answer_rate"),
	"sl_threshold":  fixedly("3", "20"),
	"short_abandon": fixedly("0", "5"),
	"window":        fixedly("1m", "7d"),
}

// sentAlong are the values of headers.
var sentAlong = map[string]func(flock) []string{
	"Range":           fixedly("bytes=0-3", "bytes=5-", "bytes=9999-"),
	"Last-Event-ID":   fixedly("1.1"),
	"Accept":          fixedly("text/csv", "application/x-ndjson", "application/json", "*/*"),
	"Accept-Encoding": fixedly("gzip"),
	"If-None-Match":   fixedly(`"1-1"`, "*"),
}

// sent are the bodies of operations that take one: about the other's data, about both's, and then about one's own.
var sent = map[string]func(own, other flock) []string{
	"editTags": func(own, other flock) []string {
		return []string{
			fmt.Sprintf(`{"ids":[%d],"add":["stolen"]}`, other.id(rowSpanning)),
			fmt.Sprintf(`{"ids":[%d,%d],"add":["stolen"],"remove":["sales"]}`, own.id(rowMissed), other.id(rowMissed)),
			fmt.Sprintf(`{"ids":[%d,%d],"remove":[%q]}`, other.id(rowMissed), own.id(rowMissed), other.own("tag")),
			fmt.Sprintf(`{"ids":[%d,%d],"add":["mine"],"remove":[%q]}`, own.id(rowMissed), own.id(rowQueue), other.own("left")),
		}
	},
	"linkRecording": func(own, other flock) []string {
		return []string{fmt.Sprintf(`{"call_id":%d}`, other.id(rowSpanning)), fmt.Sprintf(`{"call_id":%d}`, other.id(rowInternal)), fmt.Sprintf(`{"call_id":%d}`, own.id(rowMissed))}
	},
	"revokeToken": func(_, other flock) []string { return []string{fmt.Sprintf(`{"jti":%q}`, other.own("admin"))} },
	"addTags":     func(flock, flock) []string { return []string{`{"tags":["stolen"]}`} },
	"eraseRecordings": func(own, other flock) []string {
		return []string{
			fmt.Sprintf(`{"ids":[%d]}`, other.id(rowSpanning)), fmt.Sprintf(`{"ids":[%d,%d]}`, own.id(rowLeg), other.id(rowLeg)),
			fmt.Sprintf(`{"ids":[%d,%d]}`, own.id(rowLeg), own.id(rowQueue)),
		}
	},
}

func fixedly(values ...string) func(flock) []string { return func(flock) []string { return values } }

func day(after int) string { return hatched.AddDate(0, 0, after).Format(time.DateOnly) }

// birdless is an answer without the birds that the request itself named, such as a filter that a link repeats.
func birdless(text string, q ask) string {
	for _, asked := range []string{q.path, q.query, q.body} {
		for _, word := range strings.FieldsFunc(asked, func(r rune) bool { return strings.ContainsRune(`=&?/",[]{}:+`, r) }) {
			for _, f := range []flock{robins, canaries, chicks, cuckoos} {
				if strings.Contains(word, f.bird) {
					text = strings.ReplaceAll(text, word, "")
				}
			}
		}
	}
	return text
}
