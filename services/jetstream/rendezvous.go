package jetstream

// share is the partitions that a member gets, by rendezvous hashing: each partition goes to the member whose hash with it
// is highest, so that a member that comes or goes moves only its own share. Every member computes the same from the same
// list. Hashing alone would leave some members of few with half of the sixteen partitions and others with none, so each
// takes its most wanted partitions up to an even share first.
func share(member string, members []string, partitions int) []int {
	if len(members) == 0 {
		return nil
	}
	most := (partitions + len(members) - 1) / len(members)
	held := make(map[string]int, len(members))
	var mine []int
	for p := range partitions {
		owner, best := "", uint64(0)
		for _, m := range members {
			if held[m] >= most {
				continue
			}
			if score := mix(m, p); owner == "" || score > best || (score == best && m < owner) {
				owner, best = m, score
			}
		}
		held[owner]++
		if owner == member {
			mine = append(mine, p)
		}
	}
	return mine
}

// mix is FNV-1a with a final avalanche (MurmurHash3's), without which names that differ in one letter score alike.
func mix(member string, partition int) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(member) {
		h = (h ^ uint64(member[i])) * 1099511628211
	}
	h = (h ^ uint64(partition)) * 1099511628211
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
