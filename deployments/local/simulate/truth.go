package simulate

import "time"

// Truth is what really happened in a conversation, as somebody would tell who stood beside the phones.
type Truth struct {
	Scenario  string    `json:"scenario"`
	Direction string    `json:"direction"` // inbound, outbound or internal
	Org       int       `json:"org"`       // 0 where no row says whose call it was
	Start     time.Time `json:"start"`     // UTC, of the first channel
	End       time.Time `json:"end"`

	Caller     string   `json:"caller"`      // as the network gave it, or the extension
	CallerName string   `json:"caller_name"` // before any escaping; "" without one
	Dialled    string   `json:"dialled"`
	Rang       []string `json:"rang"`        // extensions, and trunks for outside parties, in order
	AnsweredBy []string `json:"answered_by"` // who talked, in order; also voicemail, prompt, conference; empty for nobody
	HungUpBy   string   `json:"hung_up_by"`  // caller, callee, timeout, busy or system
	Queue      string   `json:"queue"`       // "" without one
	QueueWait  int      `json:"queue_wait"`  // whole seconds; -1 without a queue
	Wait       float64  `json:"wait"`        // seconds until a human answered, or until the end
	Talk       float64  `json:"talk"`        // seconds with humans

	Recordings []Recording `json:"recordings"`
	LinkedIDs  []string    `json:"linkedids"`
	Rows       []RowKey    `json:"rows"` // all rows, in the order in which they were written

	// Lost says that the table did not take some of the rows, or may not have.
	Lost bool `json:"lost,omitempty"`
}

// Recording is a file that MixMonitor wrote; one without a conversation in it is a header only.
type Recording struct {
	File    string  `json:"file"`
	Seconds float64 `json:"seconds"`
}

// RowKey is what tells one row from all others.
type RowKey struct {
	Uniqueid string `json:"uniqueid"`
	Sequence int    `json:"sequence"`
}

// Hangup is the end of a Party A: the moment when all its rows are written, in this order.
type Hangup struct {
	At   Millis
	Rows []Row
	Of   *Conversation
	Last bool // the conversation is over
}

// Conversation is a call with everything that came of it.
type Conversation struct {
	Truth   Truth
	Start   Millis
	Hangups []Hangup // by time
}

// End is when the last row is written.
func (c *Conversation) End() Millis { return c.Hangups[len(c.Hangups)-1].At }

// Rows counts the rows.
func (c *Conversation) Rows() int {
	n := 0
	for i := range c.Hangups {
		n += len(c.Hangups[i].Rows)
	}
	return n
}
