package backlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// A position file stores the progress of a consumer. It has two slots, followed by the consumer's name.
// A slot has a sequence number and its CRC-32C; the higher valid number counts. The slots are written
// in turn, so that one is always valid, and in place, so that a full disk does not matter.
type positionFile struct {
	file *os.File
	turn int64 // slot to write next
}

const (
	slotSize      = 16
	slotsSize     = 2 * slotSize
	maxNameLength = 1 << 16 // longer names of former consumers are truncated
	maxSeq        = 1 << 62 // limit for sequence numbers in files, so that they cannot overflow
)

var errPosition = errors.New("the position is damaged")

// positionName returns the name of the position file of a consumer. The name of the consumer need not be a
// valid file name.
func positionName(consumer string) string {
	sum := sha256.Sum256([]byte(consumer))
	return hex.EncodeToString(sum[:16]) + positionSuffix
}

func slot(next uint64) []byte {
	buf := make([]byte, slotSize)
	binary.LittleEndian.PutUint64(buf, next)
	binary.LittleEndian.PutUint32(buf[8:], crc32.Checksum(buf[:8], castagnoli))
	return buf
}

// createPosition creates the position file of a consumer atomically.
func createPosition(path, consumer string, next uint64) error {
	data := append(slot(next), slot(next)...)
	temporary := path + temporarySuffix
	if err := os.WriteFile(temporary, append(data, consumer...), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// readPosition returns the contents of a position file. The error is errPosition if no slot is valid.
func readPosition(path string) (consumer string, next uint64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = file.Close() }() // The file was only read.

	data, err := io.ReadAll(io.LimitReader(file, slotsSize+maxNameLength))
	if err != nil {
		return "", 0, err
	}
	valid := false
	for i := 0; i < slotsSize && i+slotSize <= len(data); i += slotSize {
		number, sum := binary.LittleEndian.Uint64(data[i:]), binary.LittleEndian.Uint32(data[i+8:])
		if sum == crc32.Checksum(data[i:i+8], castagnoli) && number < maxSeq {
			valid, next = true, max(next, number)
		}
	}
	consumer = string(data[min(slotsSize, len(data)):])
	if !valid {
		return consumer, 0, fmt.Errorf("%s: %w", filepath.Base(path), errPosition)
	}
	return consumer, next, nil
}

func openPosition(path string) (*positionFile, error) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &positionFile{file: file}, nil
}

// save writes the position.
func (p *positionFile) save(next uint64) error {
	_, err := p.file.WriteAt(slot(next), p.turn*slotSize)
	if err == nil {
		p.turn = 1 - p.turn
	}
	return err
}
