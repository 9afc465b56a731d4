package call

// Entry is what a caller's stay in a queue came to. It is kept on the first row of the stay; every other row has none
// (Outcome is empty), so that entries are counted by counting rows.
type Entry struct {
	Outcome EntryOutcome `json:"outcome"`
	Wait    int64        `json:"wait"` // seconds in the queue before an agent answered, or until the stay ended; NoSeconds where nothing tells
	Talk    int64        `json:"talk"` // seconds that the caller talked with agents of the queue; NoSeconds where nothing tells
}

// NoEntry is what every row has that does not begin a stay in a queue.
var NoEntry = Entry{Wait: NoSeconds, Talk: NoSeconds}

// EntryOutcome says in one word how a stay in a queue ended.
type EntryOutcome string

// The ways out of a queue.
const (
	EntryAnswered  EntryOutcome = "answered"  // an agent took the caller
	EntryAbandoned EntryOutcome = "abandoned" // the caller hung up
	EntryTimeout   EntryOutcome = "timeout"   // the queue gave the caller up
	EntryExit      EntryOutcome = "exit"      // the caller went on elsewhere in the dialplan; nothing tells why
)

// Called says whom a row called, on that row alone which counts for it: not on the row of a Local channel behind which
// another row called the phone, and not where party B was called by another row.
type Called uint8

// Whom a row called.
const (
	CalledNobody Called = iota
	CalledPhone         // a phone here, which rang or took the call
	CalledTrunk         // somebody behind a trunk
)
