package jetstream

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/cdrflow/cdrflow/services/call"
)

// share gives each partition to one of the members, the same way wherever it is asked. Rendezvous hashing: a partition
// likes each member more or less, and goes to the one it likes most that has room. Members' shares differ by one at the
// most, since a stage is only as fast as its busiest member; few partitions move when one comes or goes.
func share(members []string) [call.Partitions]string {
	var owner [call.Partitions]string
	if len(members) == 0 {
		return owner
	}
	members = slices.Clone(members)
	slices.Sort(members)
	members = slices.Compact(members)
	even, more := call.Partitions/len(members), call.Partitions%len(members)
	held := make(map[string]int, len(members))
	for p := range owner {
		var most uint64
		for _, m := range members {
			if held[m] > even || held[m] == even && more == 0 {
				continue
			}
			if l := liking(m, p); owner[p] == "" || l > most {
				owner[p], most = m, l
			}
		}
		if held[owner[p]] == even {
			more--
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
