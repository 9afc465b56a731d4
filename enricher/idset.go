package main

// idSet remembers ids, one bit each: a source's ids lie close together, so that a hundred million of them are a few
// megabytes.
type idSet map[uint64]*[64]uint64

// add an id; it tells whether the id is new.
func (s idSet) add(id uint64) bool {
	page := s[id>>12]
	if page == nil {
		page = new([64]uint64)
		s[id>>12] = page
	}
	word, bit := &page[id>>6&63], uint64(1)<<(id&63)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

// lacks tells whether an id was never added.
func (s idSet) lacks(id uint64) bool {
	page := s[id>>12]
	return page == nil || page[id>>6&63]&(1<<(id&63)) == 0
}
