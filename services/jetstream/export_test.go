package jetstream

import "github.com/nats-io/nats.go"

// Conn is the connection, for what the door does not show.
func (b *Bus) Conn() *nats.Conn { return b.conn }

var (
	Decompress  = decompress
	Share       = share
	Escape      = escape
	Unescape    = unescape
	Address     = address
	DurableName = durableName
)

// FetchMessages is the most that one request brings.
const FetchMessages = fetchMessages
