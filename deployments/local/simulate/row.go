package simulate

import (
	_ "embed"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Table is the name of the table that Schema makes.
const Table = "asterisk_cdr"

// Schema makes the table, where there is none.
//
//go:embed schema.sql
var Schema string

// WithoutKeys and WithKeys drop and make the keys beside the primary one: rows are loaded faster without them, and the
// keys made afterwards, than with them.
const (
	WithoutKeys = "ALTER TABLE `asterisk_cdr` DROP KEY IF EXISTS `calldate`, DROP KEY IF EXISTS `uniqueid`, " +
		"DROP KEY IF EXISTS `linkedid`, DROP KEY IF EXISTS `accountcode`"
	WithKeys = "ALTER TABLE `asterisk_cdr` ADD KEY IF NOT EXISTS `calldate` (`calldate`), " +
		"ADD KEY IF NOT EXISTS `uniqueid` (`uniqueid`), ADD KEY IF NOT EXISTS `linkedid` (`linkedid`), " +
		"ADD KEY IF NOT EXISTS `accountcode` (`accountcode`)"
)

// Columns are the columns of Row.Values, in their order. The id is the server's to give.
var Columns = []string{
	"calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "duration", "billsec",
	"disposition", "amaflags", "accountcode", "uniqueid", "userfield", "answer", "end", "linkedid", "peeraccount",
	"sequence", "queue_name", "queue_wait_time", "answered_agent", "recordingfile",
}

// Millis is a moment, in milliseconds since 1970.
type Millis int64

// Time in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Row is one CDR. Its times have milliseconds although the table's have not: Asterisk truncates duration and billsec on
// their own, so that they differ by one from the difference of the times they stand beside.
type Row struct {
	Start, Answer, End Millis // Answer is 0 where the row was not answered

	Clid, Src, Dst, Dcontext, Channel, Dstchannel, Lastapp, Lastdata string
	Disposition, Account, Uniqueid, Userfield, Linkedid, Peeraccount string
	Sequence                                                         int

	Queue     string // "" for NULL, as in the two below
	QueueWait int    // seconds; -1 for NULL
	Agent     string
	Recording string
}

// Duration in whole seconds.
func (r *Row) Duration() int { return int((r.End - r.Start) / 1000) }

// Billsec in whole seconds.
func (r *Row) Billsec() int {
	if r.Answer == 0 {
		return 0
	}
	return int((r.End - r.Answer) / 1000)
}

// documentation is the amaflag that Asterisk gives unless told otherwise.
const documentation = "3"

// Values appends the row's values, in the order of Columns, with its times as a PBX in zone writes them.
func (r *Row) Values(dst []call.Value, zone *time.Location) []call.Value {
	text := func(s string) { dst = append(dst, call.Value{Text: s, Valid: true}) }
	orNull := func(s string) { dst = append(dst, call.Value{Text: s, Valid: s != ""}) }
	text(r.Start.local(zone))
	text(r.Clid)
	text(r.Src)
	text(r.Dst)
	text(r.Dcontext)
	text(r.Channel)
	text(r.Dstchannel)
	text(r.Lastapp)
	text(r.Lastdata)
	text(strconv.Itoa(r.Duration()))
	text(strconv.Itoa(r.Billsec()))
	text(r.Disposition)
	text(documentation)
	text(r.Account)
	text(r.Uniqueid)
	text(r.Userfield)
	if r.Answer == 0 {
		orNull("")
	} else {
		text(r.Answer.local(zone))
	}
	text(r.End.local(zone))
	text(r.Linkedid)
	text(r.Peeraccount)
	text(strconv.Itoa(r.Sequence))
	orNull(r.Queue)
	if r.QueueWait < 0 {
		orNull("")
	} else {
		text(strconv.Itoa(r.QueueWait))
	}
	orNull(r.Agent)
	orNull(r.Recording)
	return dst
}

func (m Millis) local(zone *time.Location) string {
	return time.UnixMilli(int64(m)).In(zone).Format(time.DateTime)
}
