package main

import (
	"hash/crc32"
	"slices"
)

// known remembers what rows looked like when they were published: 16 bytes a row, in the order of ids.
type known struct {
	ids   []uint64
	looks []look
}

// look is what is remembered of a row: the high half tells its uniqueid, which never changes, the low half its content.
type look uint64

func lookOf(uniqueid []byte, content uint64) look {
	return look(crc32.ChecksumIEEE(uniqueid))<<32 | look(uint32(content))
}

// sameCall tells whether two looks at one id are of the same call.
func (a look) sameCall(b look) bool { return a>>32 == b>>32 }

// of a row; false where it is not known.
func (k *known) of(id uint64) (look, bool) {
	i, found := slices.BinarySearch(k.ids, id)
	if !found {
		return 0, false
	}
	return k.looks[i], true
}

// put adds or replaces rows; their ids rise.
func (k *known) put(ids []uint64, looks []look) {
	if len(ids) == 0 {
		return
	}
	if n := len(k.ids); n == 0 || ids[0] > k.ids[n-1] {
		k.ids, k.looks = append(k.ids, ids...), append(k.looks, looks...)
		return
	}
	// From the first one on, merge; what lies before it stays where it is.
	at, _ := slices.BinarySearch(k.ids, ids[0])
	oldIDs, oldLooks := slices.Clone(k.ids[at:]), slices.Clone(k.looks[at:])
	k.ids, k.looks = k.ids[:at], k.looks[:at]
	for i, j := 0, 0; i < len(oldIDs) || j < len(ids); {
		switch {
		case j == len(ids) || i < len(oldIDs) && oldIDs[i] < ids[j]:
			k.ids, k.looks = append(k.ids, oldIDs[i]), append(k.looks, oldLooks[i])
			i++
		default:
			if i < len(oldIDs) && oldIDs[i] == ids[j] {
				i++
			}
			k.ids, k.looks = append(k.ids, ids[j]), append(k.looks, looks[j])
			j++
		}
	}
}

// forget rows up to and including id.
func (k *known) forget(id uint64) {
	i, found := slices.BinarySearch(k.ids, id)
	if found {
		i++
	}
	k.ids, k.looks = k.ids[i:], k.looks[i:]
}

// bound keeps the newest rows and gives the highest id that it forgot, 0 where it forgot none.
func (k *known) bound(most int) uint64 {
	over := len(k.ids) - most
	if over <= 0 {
		return 0
	}
	last := k.ids[over-1]
	k.ids, k.looks = k.ids[over:], k.looks[over:]
	return last
}
