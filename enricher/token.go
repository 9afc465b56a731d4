package main

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/cdrflow/cdrflow/services/call"
)

// insertToken names the block of an insert: the chunks it came from, the rules and the schema it was understood with, and
// the rows themselves. Every part matters: two inserts of the same chunks that store different rows (because one came
// after a correction) must not pass for one another.
func insertToken(epoch uint32, sequences []uint64, rules uint32, schema int, calls []call.Call) string {
	h := fnv.New128a()
	var b [8]byte
	word := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	word(uint64(epoch))
	word(uint64(rules))
	word(uint64(schema))
	for _, s := range sequences {
		word(s)
	}
	for i := range calls {
		c := &calls[i]
		word(c.ID)
		word(uint64(c.Version))
		word(uint64(c.OrgID))
		word(uint64(c.Calldate))
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}
