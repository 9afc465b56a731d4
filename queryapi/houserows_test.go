package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// flock is an organisation of the tests that hold houses against each other. Its bird stands in every text that one of its
// rows has of its own, so that whoever reads the bird's name where it should not be knows that something got out.
type flock struct {
	org   uint32
	bird  string
	first uint64 // id of its first row; row n has first+n
}

var (
	robins   = flock{1, "robin", 100}
	canaries = flock{2, "canary", 200}
	chicks   = flock{11, "chick", 300} // below the robins
	cuckoos  = flock{0, "cuckoo", 400} // rows without an organisation
)

// What all flocks have alike.
const (
	sharedNumber = "919944421125"
	sharedDID    = "918065978001"
	sharedQueue  = "support"
	sharedTag    = "sales"
	sharedFile   = "20261120-101010-919944421125-1001.wav"
)

// hatched is when the first row began: yesterday, so that the answer to "today" is the same all through a run that passes
// midnight, and rows lie in the windows that lists look through first.
var hatched = time.Now().UTC().Truncate(24 * time.Hour).Add(-14 * time.Hour)

func linkedidOf(n int) string { return fmt.Sprintf("%d.%d", hatched.Unix(), n) }

var bothLinked = linkedidOf(41) // the linkedid of a conversation that all flocks have a part in

// own is a name of the flock's own.
func (f flock) own(what string) string { return f.bird + "-" + what }

// row makes a row, minutes after the first.
func (f flock) row(n int, minutes int) call.Call {
	c := talked(f.first+uint64(n), f.org, 0)
	at := call.InstantOf(hatched.Add(time.Duration(minutes) * time.Minute))
	c.Calldate, c.Answer, c.End = at, at+4_000, at+10_000
	c.Clid = fmt.Sprintf("%q <%s>", f.own("caller"), sharedNumber)
	c.Src, c.Dst, c.Caller, c.Callee, c.Did = sharedNumber, sharedDID, "+"+sharedNumber, "+"+sharedDID, sharedDID
	c.Dcontext, c.Channel, c.Dstchannel = f.own("context"), "PJSIP/"+f.own("trunk")+"-00000a1b", "PJSIP/"+f.own("phone")+"-00000a1c"
	c.Lastdata, c.Accountcode, c.Peeraccount, c.Userfield = "PJSIP/"+f.own("phone")+",30", f.own("account"), f.own("peer"), "hangupsource="+f.own("field")
	c.Uniqueid, c.Linkedid = linkedidOf(1000+int(c.ID)), linkedidOf(1000+int(c.ID))
	c.Extra = []call.Pair{{Name: "cost", Text: "1.0000000000"}, {Name: "direction", Text: f.bird[:3]}, {Name: "note", Text: f.own("note")}}
	c.Trunk, c.RangExtension, c.AnsweredBy = f.own("trunk"), "1001", "1001"
	c.HangupReason, c.HangupSource = f.own("reason"), "PJSIP/"+f.own("hangup")+"-00000a1b"
	c.Tags = []string{sharedTag, f.own("tag")}
	c.Recordingfile = fmt.Sprintf("%s-%d.wav", f.bird, c.ID)
	return f.heading(c, c.ID)
}

// heading makes a row the head of the flock's legs, which are those ids.
func (f flock) heading(c call.Call, ids ...uint64) call.Call {
	d := call.Detail{
		SourceName: f.own("source"), RequestedExtension: f.own("requested"), RequestedName: f.own("wanted"), RequestedContext: f.own("context"),
		DestinationExtension: f.own("phone"), DestinationName: f.own("destination"), DestinationContext: f.own("context"),
		HangupReason: f.own("reason"), HangupSource: f.own("hangup"), AnsweredAgent: f.own("agent"),
		Participants: []call.Participant{{Extension: "1001", Name: f.own("person"), Rang: true, Answered: true}},
		Path:         []call.Step{{Kind: "queue", Who: sharedQueue, At: c.Calldate}, {Kind: "answered", Who: f.own("phone"), At: c.Calldate + 4000}},
	}
	for _, id := range ids {
		d.Recordings = append(d.Recordings, call.Recording{CallID: id, File: fmt.Sprintf("%s-%d.wav", f.bird, id)})
		d.Legs = append(d.Legs, call.Leg{ID: id, Kind: call.LegDial})
	}
	detail, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	c.Conversation = call.Conversation{
		Legs: int64(len(ids)), Complete: true, Answer: c.Answer, End: c.End, Outcome: c.Outcome, QueueName: c.QueueName,
		AnsweredBy: c.AnsweredBy, AnsweredType: c.AnsweredType, DisconnectedBy: call.ByCaller, Confidence: 90,
		WaitTime: 4, RingTime: 4, TalkTime: 6, Tags: c.Tags, Detail: string(detail),
	}
	return c
}

// queued lets a row enter the queue that all flocks have.
func (f flock) queued(c call.Call, out call.EntryOutcome) call.Call {
	c.QueueName, c.AnsweredAgent, c.QueueWaitTime, c.Lastapp = sharedQueue, "SIP/1001", 4, "Queue"
	c.Nulls, c.LegKind = "", call.LegQueue
	c.Entry = call.Entry{Outcome: out, Wait: 4, Talk: 6}
	return c
}

// lost is a row that nobody answered.
func (f flock) lost(c call.Call) call.Call {
	c.Answer, c.Billsec, c.TalkTime, c.Disposition = call.NoInstant, 0, 0, call.NoAnswer
	c.Outcome, c.AnsweredBy, c.AnsweredType, c.Recordingfile = call.OutcomeMissed, "", "", ""
	return f.heading(c, c.ID)
}

// The rows of a flock by number; see rows.
const (
	rowSpanning = iota + 1
	rowLeg
	rowJoined
	rowMissed
	rowBack
	rowInternal
	rowOmitted
	rowElsewhere
	rowQueue
	rowOld
	lastRow
)

func (f flock) id(row int) uint64 { return f.first + uint64(row) }

// rows of the flock: of each kind that the API tells apart, one.
func (f flock) rows() []call.Call {
	legs := []uint64{f.id(rowSpanning), f.id(rowLeg), f.id(rowJoined)}
	spanning := f.queued(f.row(rowSpanning, int(f.org)), call.EntryAnswered)
	spanning.Linkedid = bothLinked
	spanning = f.heading(spanning, legs...)
	leg := f.row(rowLeg, int(f.org)+1)
	leg.Linkedid, leg.Conversation = bothLinked, call.NoConversation
	joined := f.row(rowJoined, int(f.org)+2)
	joined.Joined, joined.Conversation = bothLinked, call.NoConversation

	missed := f.lost(f.queued(f.row(rowMissed, 30), call.EntryAbandoned))
	missed.Src, missed.Caller = sharedNumber[:10]+"99", "+"+sharedNumber[:10]+"99"
	// Only the canaries call back; that is nothing to the robins.
	back := f.row(rowBack, 40)
	if back.Direction = call.Outbound; f.org == canaries.org {
		back.Dst, back.Callee = missed.Src, missed.Caller
	}
	internal := f.row(rowInternal, 50)
	internal.Direction, internal.Src, internal.CallerExtension = call.Internal, "1002", f.own("1002")
	omitted := f.row(rowOmitted, 60)
	omitted.Amaflags = 1
	elsewhere := f.row(rowElsewhere, 70)
	if elsewhere.Source = "annex"; f.org == canaries.org {
		elsewhere.Recordingfile = sharedFile
	}
	queue := f.queued(f.row(rowQueue, 80), call.EntryAnswered)
	queue.QueueName, queue.AnsweredAgent = f.own("queue"), "SIP/"+f.own("agent")
	queue = f.heading(queue, queue.ID)
	if f.org == robins.org {
		queue.Recordingfile = sharedFile // the same name at another PBX is another recording
	}
	old := f.row(rowOld, -400*24*60)
	old.Linkedid = fmt.Sprintf("%d.7", hatched.AddDate(0, 0, -400).Unix())
	return []call.Call{spanning, leg, joined, missed, back, internal, omitted, elsewhere, queue, old}
}
