package main

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// filterParameter reads one parameter into the filter; want says what would be right where it cannot.
type filterParameter struct {
	name, want string
	read       func(f *clickhouse.Filter, text string) bool
}

// What the words of a filter may be.
var (
	directions = listOf(call.Inbound, call.Outbound, call.Internal, call.Transit, call.UnknownDirection)
	outcomes   = listOf(call.OutcomeAnswered, call.OutcomeMissed, call.OutcomeNoAnswer, call.OutcomeElsewhere, call.OutcomeAbandoned,
		call.OutcomeQueueTimeout, call.OutcomeBusy, call.OutcomeDeclined, call.OutcomeFailed, call.OutcomeBlocked, call.OutcomeVoicemail,
		call.OutcomePrompt, call.OutcomeConference, call.OutcomeFax, call.OutcomeUnknown)
	legKinds = listOf(call.LegDial, call.LegQueue, call.LegForward, call.LegTransfer, call.LegConsult, call.LegPickup, call.LegOriginate,
		call.LegPrompt, call.LegVoicemail, call.LegConference, call.LegParking, call.LegFax, call.LegSpy, call.LegTail, call.LegDuplicate, call.LegUnknown)
	answeredTypes = listOf(call.Human, call.Prompt, call.Queue)
	disconnectors = listOf(call.ByCaller, call.ByCallee, call.ByTimeout, call.ByBusy, call.BySystem, call.ByUnknown)
)

func listOf[T ~string](words ...T) (list []string) {
	for _, word := range words {
		list = append(list, string(word))
	}
	return list
}

// Asterisk's dispositions are words in capitals; sites and later versions add some.
var disposition = regexp.MustCompile(`^[A-Z]{2,20}( [A-Z]{2,20}){0,2}$`)

const (
	aNumber = "a telephone number such as +33 1 42 68 53 00, 0142685300 or 1001, with _ at an end for any digits"
	someOf  = " or several with commas between them"
	aName   = "a name as it is shown in calls," + someOf
	seconds = "a whole number of seconds from 0 to 2147483647"
)

var filterParameters = []filterParameter{
	{"direction", "all, " + listed(directions) + "," + someOf, func(f *clickhouse.Filter, text string) bool {
		return text == "all" || oneOf(&f.Directions, text, directions)
	}},
	{"disposition", "a word in capitals such as ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION or CANCEL," + someOf, func(f *clickhouse.Filter, text string) bool {
		return each(&f.Dispositions, text, disposition.MatchString)
	}},
	{"from", "a part of the caller's number", func(f *clickhouse.Filter, text string) bool { f.Caller = plain(text); return text != "" }},
	{"to", "a part of the dialled number", func(f *clickhouse.Filter, text string) bool { f.Callee = plain(text); return text != "" }},
	{"search", "a part of a number or name", func(f *clickhouse.Filter, text string) bool { f.Search = plain(text); return text != "" }},
	{"outcome", listed(outcomes) + "," + someOf, func(f *clickhouse.Filter, text string) bool { return oneOf(&f.Outcomes, text, outcomes) }},
	{"number", aNumber + "," + someOf, func(f *clickhouse.Filter, text string) bool { return numbers(&f.Numbers, text) }},
	{"extension", aName, func(f *clickhouse.Filter, text string) bool { return each(&f.Extensions, text, nil) }},
	{"agent", aName, func(f *clickhouse.Filter, text string) bool { return each(&f.Agents, text, nil) }},
	{"queue", aName, func(f *clickhouse.Filter, text string) bool { return each(&f.Queues, text, nil) }},
	{"trunk", aName, func(f *clickhouse.Filter, text string) bool { return each(&f.Trunks, text, nil) }},
	{"did", aNumber + "," + someOf, func(f *clickhouse.Filter, text string) bool { return numbers(&f.DIDs, text) }},
	{"tag", "a tag, or several of which one is enough with commas between them", func(f *clickhouse.Filter, text string) bool {
		list, ok := split(text)
		f.Tags = append(f.Tags, list)
		return ok && len(f.Tags) <= mostWords
	}},
	{"recorded", "true or false", func(f *clickhouse.Filter, text string) bool {
		yes := text == "true"
		f.Recorded = &yes
		return yes || text == "false"
	}},
	{"min_duration", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Duration.Least, text) }},
	{"max_duration", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Duration.Most, text) }},
	{"min_talk", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Talk.Least, text) }},
	{"max_talk", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Talk.Most, text) }},
	{"min_wait", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Wait.Least, text) }},
	{"max_wait", seconds, func(f *clickhouse.Filter, text string) bool { return bound(&f.Wait.Most, text) }},
	{"hangup_cause", "a cause in digits such as 16," + someOf, func(f *clickhouse.Filter, text string) bool {
		return each(&f.HangupCauses, text, func(cause string) bool { return decimal(cause) && len(cause) <= 3 })
	}},
	{"disconnected_by", listed(disconnectors) + "," + someOf, func(f *clickhouse.Filter, text string) bool {
		return oneOf(&f.DisconnectedBy, text, disconnectors)
	}},
	{"conversation_id", "a conversation_id such as pbx:1795228246.702", func(f *clickhouse.Filter, text string) bool {
		source, linkedid, _ := strings.Cut(text, ":")
		f.Conversation = &clickhouse.Key{Source: source, Linkedid: linkedid}
		return source != "" && linkedid != ""
	}},
	{"source", aName, func(f *clickhouse.Filter, text string) bool { return each(&f.Sources, text, nil) }},
	{"leg_kind", listed(legKinds) + "," + someOf, func(f *clickhouse.Filter, text string) bool { return oneOf(&f.LegKinds, text, legKinds) }},
	{"answered_type", listed(answeredTypes) + "," + someOf, func(f *clickhouse.Filter, text string) bool {
		return oneOf(&f.AnsweredTypes, text, answeredTypes)
	}},
}

// oneOf reads a list of known words.
func oneOf(to *[]string, text string, known []string) bool {
	return each(to, text, func(word string) bool { return slices.Contains(known, word) })
}

// each reads a list of words that pass, or of any where there is no test.
func each(to *[]string, text string, passes func(string) bool) bool {
	list, ok := split(text)
	*to = list
	return ok && (passes == nil || !slices.ContainsFunc(list, func(word string) bool { return !passes(word) }))
}

func numbers(to *[]clickhouse.Number, text string) bool {
	list, ok := split(text)
	for _, typed := range list {
		n, err := clickhouse.ParseNumber(typed)
		if err != nil {
			return false
		}
		*to = append(*to, n)
	}
	return ok
}

func bound(to **int64, text string) bool {
	v, err := strconv.ParseInt(text, 10, 64)
	*to = &v
	return decimal(text) && err == nil && v <= math.MaxInt32
}

// plain is a part of a number without what people put between digits; of a name nothing is taken away.
func plain(text string) string {
	if digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "").Replace(text); decimal(strings.TrimPrefix(digits, "+")) {
		return digits
	}
	return text
}
