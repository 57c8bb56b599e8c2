package backlog

import (
	"encoding/binary"
	"slices"
)

// RepairHeads returns the segment, which must start with the sequence number 0, with valid checksums in
// all heads.
func RepairHeads(segment []byte) []byte {
	segment = slices.Clone(segment)
	rest := segment
	for seq := uint64(0); len(rest) >= fixedHead; seq++ {
		size := fixedHead + int(rest[descrStart-1])
		if size > len(rest) {
			break
		}
		binary.LittleEndian.PutUint32(rest, headSum(seq, rest[:size]))
		rest = rest[min(len(rest), size+int(binary.LittleEndian.Uint32(rest[4:])&0xffffff)):]
	}
	return segment
}
