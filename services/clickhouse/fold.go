package clickhouse

import "github.com/cdrflow/cdrflow/services/call"

// folded leaves the newest version of each key in a block, of equal ones the last: what the server does to a block
// before it stores it, without copying it. Hardly a block has two of a key, and then it is given back as it is.
func (s *Store) folded(calls []call.Call) []call.Call {
	if s.newest == nil {
		s.newest = make(map[place]int, len(calls))
	}
	clear(s.newest)
	for i := range calls {
		p := placeOf(&calls[i])
		if j, ok := s.newest[p]; !ok || calls[i].Version >= calls[j].Version {
			s.newest[p] = i
		}
	}
	if len(s.newest) == len(calls) {
		return calls
	}
	left := make([]call.Call, 0, len(s.newest))
	for i := range calls {
		if s.newest[placeOf(&calls[i])] == i {
			left = append(left, calls[i])
		}
	}
	return left
}
