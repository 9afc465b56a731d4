package jetstream

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
)

// share gives each partition to one of the members, the same way wherever it is asked. Rendezvous hashing: a partition
// likes each member more or less, and goes to the one it likes most that has room. No member has more than its even
// share rounded up, since a store is only as fast as its busiest writer; few partitions move when members come and go.
func share(members []string) [call.Partitions]string {
	var owner [call.Partitions]string
	if len(members) == 0 {
		return owner
	}
	members = slices.Clone(members)
	slices.Sort(members)
	members = slices.Compact(members)
	room := (call.Partitions + len(members) - 1) / len(members)
	held := make(map[string]int, len(members))
	for p := range owner {
		var most uint64
		for _, m := range members {
			if liking := liking(m, p); held[m] < room && (owner[p] == "" || liking > most) {
				owner[p], most = m, liking
			}
		}
		held[owner[p]]++
	}
	return owner
}

func liking(member string, partition int) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(member))
	_, _ = h.Write([]byte("/" + strconv.Itoa(partition)))
	// FNV's last bytes reach the high bits badly, and the high bits decide.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
