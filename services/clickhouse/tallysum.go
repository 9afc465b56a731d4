package clickhouse

// withSums adds to tallies in order, of groups and buckets, those of each group, of each bucket and of everything, and keeps
// the order. Percentiles cannot be put together, so it is for tallies without.
func withSums(parts []*Tally) []Tally {
	if len(parts) == 0 {
		return nil
	}
	if parts[0].Group == nil && parts[0].Bucket == Whole {
		return []Tally{*parts[0]} // it is the sum already
	}
	all := make([]Tally, 0, len(parts)+len(parts)/8+2)
	total := parts[0].nothing(nil, Whole)
	var buckets []*Tally
	for len(parts) > 0 {
		whole := parts[0].nothing(parts[0].Group, Whole)
		n := 0
		for n < len(parts) && parts[n].Group == whole.Group {
			whole.add(parts[n])
			all = append(all, *parts[n])
			n++
		}
		total.add(&whole)
		if whole.Group != nil && parts[0].Bucket != Whole {
			all = append(all, whole)
			for _, t := range parts[:n] {
				for len(buckets) <= t.Bucket {
					buckets = append(buckets, nil)
				}
				if of := &buckets[t.Bucket]; *of == nil {
					sum := t.nothing(nil, t.Bucket)
					*of = &sum
				}
				buckets[t.Bucket].add(t)
			}
		}
		parts = parts[n:]
	}
	for _, sum := range buckets {
		if sum != nil {
			all = append(all, *sum)
		}
	}
	return append(all, total)
}

// nothing is a tally of the same statistic that has counted nothing yet.
func (t *Tally) nothing(group *Group, bucket int) Tally {
	return Tally{Group: group, Bucket: bucket, Counts: make([]uint64, len(t.Counts)), Spreads: make([]Spread, len(t.Spreads))}
}

func (t *Tally) add(part *Tally) {
	for i, n := range part.Counts {
		t.Counts[i] += n
	}
	for i := range part.Spreads {
		of, p := &t.Spreads[i], &part.Spreads[i]
		of.Known += p.Known
		of.Sum += p.Sum
		of.Longest = max(of.Longest, p.Longest)
	}
}
