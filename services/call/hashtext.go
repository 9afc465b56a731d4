package call

import "unsafe"

// hashText is RawHash of a text, without copying it: the checksum only reads.
func hashText(s string) uint64 {
	return RawHash(unsafe.Slice(unsafe.StringData(s), len(s)))
}
