package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// scenario is what really happened on the phones: written by the scripts that played them, not by the PBX.
type scenario struct {
	SID         string   `json:"sid"`
	Name        string   `json:"scenario"`
	Direction   string   `json:"direction"`
	Caller      string   `json:"caller"`
	Dialled     string   `json:"dialed"`
	Rang        string   `json:"rang"`
	AnsweredBy  string   `json:"answered_by"`
	HungUp      string   `json:"hung_up"`
	Disposition string   `json:"disposition"`
	Queue       string   `json:"queue"`
	Org         string   `json:"org"`
	Phones      []played `json:"ua_legs"`
	Rows        []uint64 `json:"cdr_ids"`
}

// played is one SIP leg; times are seconds from the scenario's start.
type played struct {
	Phone    string   `json:"phone"`
	Role     string   `json:"role"`
	Number   string   `json:"number"`
	Invite   float64  `json:"invite"`
	Ringing  *float64 `json:"ringing"`
	Answered *float64 `json:"answered"`
	Ended    float64  `json:"ended"`
	EndedBy  string   `json:"ended_by"`
	Status   string   `json:"status"`
}

// score of one field: how often right, wrong, and unknown.
type score struct{ right, wrong, unknown int }

type scores struct {
	order []string
	by    map[string]*score
	notes []string
	// where a scenario's field cannot be known from CDR, and why
	undecidable map[string]string
	trunks      map[string]bool
}

func (s *scores) say(level, field string, sc *scenario, id uint64, got string, want ...string) {
	key := level + "│" + field
	if s.by[key] == nil {
		s.by[key] = &score{}
		s.order = append(s.order, key)
	}
	switch {
	case slices.Contains(want, got):
		s.by[key].right++
	case (got == "" || got == "unknown") && s.undecidable[sc.Name+"│"+level+"│"+field] != "":
		s.by[key].unknown++
	case got == "unknown":
		s.by[key].unknown++
		s.notes = append(s.notes, fmt.Sprintf("%s %s %s %d: %s is unknown, want %q", level, sc.SID, sc.Name, id, field, want))
	default:
		s.by[key].wrong++
		s.notes = append(s.notes, fmt.Sprintf("%s %s %s %d: %s is %q, want %q", level, sc.SID, sc.Name, id, field, got, want))
	}
}

var channelEnd = regexp.MustCompile(`^(PJSIP|Local)/([^@]+?)(@.*)?-[0-9a-f]{8}(;[12])?$`)

// endpointOf a channel, read for the truth by other means than the enricher's.
func endpointOf(name string) string {
	if m := channelEnd.FindStringSubmatch(name); m != nil {
		return m[2]
	}
	return ""
}

func readLines(t testing.TB, file string, each func([]byte)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) > 0 {
			each(lines.Bytes())
		}
	}
}

// readRows makes rows of JSON lines; rename is asked for every text of a column.
func readRows(t testing.TB, u *understanding, rename namer) map[uint64]*call.Call {
	t.Helper()
	calls := map[uint64]*call.Call{}
	names := call.Standard()
	columns := make([]call.Column, len(names))
	for i := range names {
		columns[i].Name = names[i]
	}
	table := call.NewTable(columns)
	readLines(t, "testdata/asterisk/rows.jsonl", func(line []byte) {
		var row map[string]any
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		id, _ := row["id"].(json.Number).Int64()
		values := make([]call.Value, len(names))
		for i, name := range names {
			if v := row[name]; v != nil {
				values[i] = call.Value{Text: rename(name, fmt.Sprint(v)), Valid: true}
			}
		}
		c := new(call.Call)
		o := originOf(uint64(id), table)
		clock, err := u.clock(o.Zone)
		if err != nil {
			t.Fatal(err)
		}
		u.row(&o, clock, &call.Row{ID: uint64(id), Values: values}, 1, c)
		calls[uint64(id)] = c
	})
	return calls
}

// originOf a row: the last ones were written by a second PBX, in India.
func originOf(id uint64, table *call.Table) call.Origin {
	o := call.Origin{Source: "pbx", Zone: "UTC", Kind: call.KindPage, Table: table}
	if id >= 293 {
		o.Source, o.Zone = "pbx2", "Asia/Kolkata"
	}
	return o
}

// measure understands all rows and holds them against the truth.
func measure(t testing.TB, u *understanding, rename namer) *scores {
	t.Helper()
	calls := readRows(t, u, rename)
	understandAll(t, u, calls)
	s := &scores{by: map[string]*score{}, undecidable: undecidable(t), trunks: map[string]bool{}}
	for _, name := range referenceTrunks {
		s.trunks[rename("trunk", name)] = true
	}
	readLines(t, "testdata/asterisk/truth.jsonl", func(line []byte) {
		var sc scenario
		if err := json.Unmarshal(line, &sc); err != nil {
			t.Fatal(err)
		}
		sc.rename(rename)
		var legs []*call.Call
		for _, id := range sc.Rows {
			legs = append(legs, calls[id])
		}
		for _, c := range legs {
			s.row(&sc, c, legs)
		}
		s.conversation(&sc, legs)
	})
	return s
}

// undecidable reads what no CDR tells: scenario, level, field, why.
func undecidable(t testing.TB) map[string]string {
	t.Helper()
	known := map[string]string{}
	readLines(t, "testdata/asterisk/undecidable.txt", func(line []byte) {
		cells := strings.Split(string(line), "│")
		if strings.HasPrefix(string(line), "#") || len(cells) != 4 {
			return
		}
		known[strings.TrimSpace(cells[0])+"│"+strings.TrimSpace(cells[1])+"│"+strings.TrimSpace(cells[2])] = strings.TrimSpace(cells[3])
	})
	return known
}

func understandAll(t testing.TB, u *understanding, calls map[uint64]*call.Call) {
	t.Helper()
	settle(t, u, slices.Collect(maps.Values(calls)))
}

// understandGroups understands rows by conversation; those that an attended transfer left under two linkedids are put
// together and understood again.
func understandGroups(t testing.TB, u *understanding, g *groups, calls []*call.Call) {
	t.Helper()
	var wanted []stranger
	for _, again := range []bool{false, true} {
		for _, one := range g.list {
			if one.count == 0 || again && !one.changed {
				continue
			}
			rows := g.callsOf(one)
			join(rows)
			if err := u.conversation(rows); err != nil {
				t.Fatal(err)
			}
			wanted = append(wanted, u.strangers()...)
		}
		for i := range wanted {
			for _, c := range calls {
				if wanted[i].meets(c) && c.ConversationKey() != wanted[i].key && !again {
					g.unite(clickhouse.Key{Source: wanted[i].source, Linkedid: wanted[i].key}, conversationOf(c))
				}
			}
		}
	}
}

// phoneOf the row: the nth time that its phone was called, since queues call a phone several times.
func (sc *scenario) phoneOf(c *call.Call, legs []*call.Call) *played {
	phone, n := endpointOf(c.Dstchannel), 0
	local := strings.HasPrefix(c.Dstchannel, "Local/")
	for _, o := range legs {
		if endpointOf(o.Dstchannel) == phone && strings.HasPrefix(o.Dstchannel, "Local/") == local && (o.Calldate < c.Calldate || o.Calldate == c.Calldate && o.Sequence < c.Sequence) {
			n++
		}
	}
	for i := range sc.Phones {
		p := &sc.Phones[i]
		if p.Role == "called" && p.Phone == phone {
			if n == 0 {
				return p
			}
			n--
		}
	}
	return nil
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func (sc *scenario) org() string {
	if sc.Org == "" {
		return "0"
	}
	return sc.Org
}

// hungUp in the words of disconnected_by.
func (sc *scenario) hungUp() []string {
	switch {
	case strings.HasPrefix(sc.HungUp, "callee/"):
		return []string{"callee", "system"}
	case strings.HasPrefix(sc.HungUp, "callee"), strings.HasPrefix(sc.HungUp, "answerer"):
		return []string{"callee"}
	}
	return []string{sc.HungUp}
}

// outcome in our words.
func (sc *scenario) outcome() []string {
	switch sc.AnsweredBy {
	case "prompt", "voicemail", "conference":
		return []string{sc.AnsweredBy}
	case "":
	default:
		return []string{"answered"}
	}
	d := sc.Disposition
	switch {
	case sc.Queue != "" && sc.HungUp == "timeout":
		return []string{"queue_timeout"}
	case sc.Queue != "":
		return []string{"abandoned"}
	case d == "BUSY?":
		return []string{"declined"}
	case d == "BUSY":
		return []string{"busy"}
	case strings.Contains(d, "FAILED"), sc.HungUp == "system":
		return []string{"failed"}
	case sc.Direction == "outbound" && sc.Rang == "trunk":
		return []string{"no_answer"}
	}
	return []string{"missed"}
}

func near(got int64, want float64) string {
	switch {
	case got == call.NoSeconds:
		return "unknown"
	case math.Abs(float64(got)-want) <= 1.3:
		return "right"
	}
	return fmt.Sprintf("%d s instead of %.1f", got, want)
}

func (s *scores) row(sc *scenario, c *call.Call, legs []*call.Call) {
	say := func(field, got string, want ...string) { s.say("row", field, sc, c.ID, got, want...) }
	say("direction", string(c.Direction), sc.Direction)
	say("organisation", fmt.Sprint(c.OrgID), sc.org())
	phone := sc.phoneOf(c, legs)
	target := endpointOf(c.Dstchannel)
	trunk := s.trunks[target]
	rang, answered := "", ""
	if phone != nil && !trunk {
		rang = phone.Phone
	}
	if c.Lastapp == "AppDial" || c.Lastapp == "AppDial2" {
		rang = endpointOf(c.Channel)
	}
	if phone == nil && slices.Contains(words(sc.Rang), target) {
		// It rang, though called by another row: the second call of an attended transfer.
		say("rang_extension", c.RangExtension, "", target)
	} else {
		say("rang_extension", c.RangExtension, rang)
	}
	// A phone that picked up was not called; whoever is named as answerer and stands on an answered row took it.
	if c.Disposition == call.Answered && slices.Contains(words(sc.AnsweredBy), target) {
		answered = target
	}
	say("answered_by", c.AnsweredBy, answered)
	kind := ""
	switch {
	case answered != "" && sc.Queue != "" && (c.Lastapp == "Queue" || strings.Contains(c.Channel, ";2")):
		kind = "queue"
	case answered != "", trunk && phone != nil && phone.Answered != nil:
		kind = "human"
	case c.Lastapp == "ConfBridge" && target != "":
		kind = "human"
	case c.Disposition == call.Answered && target == "" && (c.Duration > 0 || len(legs) == 1) && c.Lastapp != "AppDial":
		kind = "prompt"
	}
	if c.Lastapp == "ConfBridge" && target == "" {
		kind = "prompt"
	}
	say("answered_type", string(c.AnsweredType), kind)
	queued := c.Lastapp == "Queue" || sc.Queue != "" && strings.Contains(c.Channel, ";2")
	if queued {
		say("queue_name", c.Queue, sc.Queue)
	} else {
		say("queue_name", c.Queue, "", sc.Queue)
	}
	say("outcome", string(c.Outcome), s.rowOutcome(sc, c, phone, answered, trunk, target)...)
	ended := append([]string{"unknown"}, sc.hungUp()...)
	if phone != nil {
		switch {
		case phone.Status == "486":
			ended = []string{"busy"}
		case phone.Status == "603":
			ended = []string{"callee"}
		case phone.Status == "503", phone.Status == "404":
			ended = []string{"system"}
		case phone.EndedBy == "the PBX" && phone.Answered == nil:
			ended = append(ended, "system", "timeout")
		}
	}
	if c.Lastapp == "AppDial" {
		ended = append(ended, "system") // the PBX stopped it, since another phone had taken the call
	}
	if c.Lastapp == "Queue" && c.Disposition == call.NoAnswer {
		ended = append(ended, "unknown")
	}
	last := legs[len(legs)-1]
	for _, o := range legs {
		if o.Conversation.Legs > 0 {
			last = o
		}
	}
	if c == last && len(legs) == 1 {
		ended = sc.hungUp()
	}
	say("disconnected_by", string(c.DisconnectedBy), ended...)
	if phone != nil && phone.Ringing != nil && c.Dstchannel != "" {
		end := phone.Ended
		if phone.Answered != nil {
			end = *phone.Answered
		}
		say("ring_time", near(c.RingTime, end-*phone.Ringing), "right")
		if phone.Answered == nil {
			say("talk_time", near(c.TalkTime, 0), "right")
		}
	}
}

func (s *scores) rowOutcome(sc *scenario, c *call.Call, phone *played, answered string, trunk bool, target string) []string {
	switch {
	case answered != "", trunk && phone != nil && phone.Answered != nil:
		return []string{"answered"}
	case c.Lastapp == "ConfBridge":
		return []string{"conference"}
	case c.Lastapp == "VoiceMail":
		return []string{"voicemail"}
	case c.Lastapp == "AppDial":
		return []string{"elsewhere"}
	case target == "" && c.Duration == 0 && c.Lastapp != "Dial" && sc.Rows[0] != c.ID:
		return []string{""}
	case target == "":
		return sc.outcome()
	case phone == nil:
		return nil
	case phone.Status == "486" && c.Lastapp == "Queue":
		return []string{"busy", "missed"} // a queue writes NO ANSWER for every offer that the member did not take
	case phone.Status == "486":
		return []string{"busy"}
	case phone.Status == "603":
		return []string{"declined"}
	case phone.Status == "503", phone.Status == "404":
		return []string{"failed"}
	}
	for i := range sc.Phones {
		o := &sc.Phones[i]
		if o.Answered != nil && math.Abs(*o.Answered-phone.Ended) < 0.3 && (o.Role == "called" || o.Phone == sc.AnsweredBy) {
			return []string{"elsewhere"}
		}
	}
	if trunk {
		return []string{"no_answer"}
	}
	return []string{"missed"}
}

func (s *scores) conversation(sc *scenario, legs []*call.Call) {
	var head *call.Call
	for _, c := range legs {
		if c.Conversation.Legs > 0 && (head == nil || c.Calldate < head.Calldate) {
			head = c
		}
	}
	if head == nil {
		return // no row was written at all
	}
	v := &head.Conversation
	say := func(field, got string, want ...string) { s.say("conversation", field, sc, head.ID, got, want...) }
	if sc.Name != "int_conference_3" { // three callers, three conversations
		say("legs", fmt.Sprint(v.Legs), fmt.Sprint(len(legs)))
	}
	say("direction", string(head.Direction), sc.Direction)
	say("organisation", fmt.Sprint(head.OrgID), sc.org())
	say("queue_name", v.QueueName, sc.Queue)
	by := ""
	if w := words(sc.AnsweredBy); len(w) > 0 && w[0] != "far" && w[0] != "prompt" && w[0] != "voicemail" && w[0] != "conference" {
		by = w[0]
	}
	if strings.Contains(sc.AnsweredBy, " and ") {
		say("answered_by", v.AnsweredBy, words(sc.AnsweredBy)...)
	} else {
		say("answered_by", v.AnsweredBy, by)
	}
	say("outcome", string(v.Outcome), sc.outcome()...)
	say("disconnected_by", string(v.DisconnectedBy), sc.hungUp()...)
	arrival, answer, end := 0.0, -1.0, 0.0
	for _, p := range sc.Phones {
		end = max(end, p.Ended)
		person := p.Role == "called" || p.Phone == sc.AnsweredBy
		if p.Answered != nil && person && sc.AnsweredBy != "voicemail" && sc.AnsweredBy != "prompt" && (answer < 0 || *p.Answered < answer) && sc.Name != "click_to_call" {
			answer = *p.Answered
		}
	}
	if answer < 0 {
		answer = end
	}
	if sc.Name != "int_conference_3" && sc.Name != "click_to_call" && sc.Name != "click_to_call_agent_noanswer" {
		say("wait_time", near(v.WaitTime, answer-arrival), "right")
	}
}

// table of the scores, as docs/understanding.md shows it.
func (s *scores) table() string {
	var b strings.Builder
	b.WriteString("| level | field | right | wrong | unknown |\n|---|---|---|---|---|\n")
	for _, key := range s.order {
		level, field, _ := strings.Cut(key, "│")
		sc := s.by[key]
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", level, field, sc.right, sc.wrong, sc.unknown)
	}
	return b.String()
}

// namer gives a name of the reference data another. column says where it stands.
type namer func(column, text string) string

func same(_, text string) string { return text }

// The trunks' endpoints; the scripts that played the phones call them by the first word.
var referenceTrunks = []string{"tata_gateway", "airtel_gateway", "dead_gateway"}

func (sc *scenario) rename(rename namer) {
	for _, text := range []*string{&sc.Caller, &sc.Dialled, &sc.Rang, &sc.AnsweredBy, &sc.HungUp, &sc.Queue} {
		*text = rename("", *text)
	}
	for i := range sc.Phones {
		p := &sc.Phones[i]
		for _, trunk := range referenceTrunks {
			if strings.HasPrefix(trunk, p.Phone+"_") {
				p.Phone = trunk
			}
		}
		p.Phone, p.Number = rename("", p.Phone), rename("", p.Number)
	}
}

func TestAccuracy(t *testing.T) {
	t.Parallel()
	r, err := loadRules("testdata/asterisk/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := measure(t, newUnderstanding(r), same)
	t.Logf("\n%s", s.table())
	for _, note := range s.notes {
		t.Error(note)
	}
}
