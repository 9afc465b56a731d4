package call

import (
	"fmt"
	"hash/crc64"
	"time"
)

// Partitions is the number of partitions of the log. It is a constant: a row keeps its partition for ever.
const Partitions = 16

// MaxRowID is the highest row id of a source that an identity can carry.
const MaxRowID = 1<<40 - 1

// MaxSourceNumber keeps every identity below 2^53, the largest integer that every JSON reader holds exactly.
const MaxSourceNumber = 1<<13 - 1

// ID is the identity of a row in the whole house: the source's number in the high bits, the row's id below. For source
// number 0 it is the row's id itself.
func ID(sourceNumber uint32, rowID uint64) uint64 { return uint64(sourceNumber)<<40 | rowID }

// SplitID undoes ID.
func SplitID(id uint64) (sourceNumber uint32, rowID uint64) { return uint32(id >> 40), id & MaxRowID }

// ValidRowID tells whether a row id can be part of an identity.
func ValidRowID(rowID uint64) bool { return rowID >= 1 && rowID <= MaxRowID }

// Partition of a row: all rows of one conversation share it. FNV-1a of linkedid, which every leg inherits; rows of a
// table without linkedid give their uniqueid instead.
func Partition[T ~string | ~[]byte](linkedid T) int {
	h := uint64(14695981039346656037)
	for i := range len(linkedid) {
		h = (h ^ uint64(linkedid[i])) * 1099511628211
	}
	// The low bits of FNV are weak for texts that differ in their last digit only, so the high half is folded in.
	return int((h ^ h>>32) % Partitions)
}

var crcTable = crc64.MakeTable(crc64.ECMA)

// RawHash is the content hash of a row as framed by a chunk: values and NULLs, nothing else.
func RawHash(framed []byte) uint64 { return crc64.Checksum(framed, crcTable) }

// Version orders everything ever written of one row: epoch of the stream (20 bits), sequence of the chunk in it (32),
// regeneration counter (12). No worker's clock is in it.
type Version uint64

// NewVersion of a row that came with the chunk at sequence. A sequence above 2^32 would need 60 years of full speed.
func NewVersion(epoch uint32, sequence uint64, regeneration uint16) Version {
	return Version(uint64(epoch)<<44 | (sequence&0xffffffff)<<12 | uint64(regeneration&0xfff))
}

// Epoch of the stream the version was made in.
func (v Version) Epoch() uint32 { return uint32(v >> 44) }

// Sequence of the chunk within its stream.
func (v Version) Sequence() uint64 { return uint64(v) >> 12 & 0xffffffff }

// Next is the version right above v: the same chunk, understood again. The row's 4,096th correction carries over into the
// number of the next chunk, since a version that stood still would be one that is stored already. Where that chunk brings the
// row as well, it finds its own number stored, and tells by the raw row that it is no redelivery.
func (v Version) Next() Version { return v + 1 }

// Chunk is the version without its regeneration counter: it names the chunk that the row came with.
func (v Version) Chunk() Version { return v &^ 0xfff }

func (v Version) String() string {
	return fmt.Sprintf("%d/%d/%d", v.Epoch(), v.Sequence(), uint64(v)&0xfff)
}

var epochZero = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// NextEpoch for a stream created now, when highest is the highest epoch found in the store: hours since 2020, but always
// above what is stored, so that a stream that was lost and made again within the hour still writes higher versions.
func NextEpoch(now time.Time, highest uint32) uint32 {
	hours := uint32(max(0, now.Sub(epochZero)/time.Hour))
	return max(hours, highest+1)
}
