package call

import (
	"math"
	"time"
)

// Instant is a point in time as Unix milliseconds, UTC.
type Instant int64

// NoInstant stands for a time that is NULL or impossible.
const NoInstant Instant = math.MinInt64

// InstantOf a time.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time of the instant, in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// appendUTC appends the instant as RFC 3339 in UTC, with milliseconds only where there are any.
func (i Instant) appendUTC(dst []byte) []byte {
	if i%1000 == 0 {
		return i.Time().AppendFormat(dst, "2006-01-02T15:04:05Z")
	}
	return i.Time().AppendFormat(dst, "2006-01-02T15:04:05.000Z")
}

// DateTimeLayout is how MariaDB writes a DATETIME without a fraction.
const DateTimeLayout = "2006-01-02 15:04:05"

// appendLocal appends the instant as MariaDB writes a DATETIME of a clock that is offset seconds ahead of UTC.
func (i Instant) appendLocal(dst []byte, offset int32) []byte {
	return (i + Instant(offset)*1000).Time().AppendFormat(dst, DateTimeLayout)
}
