package backlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"

	"github.com/luxfi/metric/internal/writereq"
)

// A segment file is a sequence of frames, one for each record, with nothing between them:
//
//	offset 0   CRC-32C of the record's sequence number and of the rest of the head
//	offset 4   length of the body
//	offset 8   CRC-32C of the body
//	offset 12  length of the description, one byte
//	offset 13  description: a writereq.Record without a body
//	after it   body
//
// Numbers are little-endian and have four bytes. The head, which is everything before the body, has its
// own checksum. So the records of a file can be found and counted without their bodies, and a damaged
// body costs no other record. The sequence number, which is not stored, ties the frame to its place:
// the rest of an older frame after the end of a shorter one cannot pass for a record.
const (
	fixedHead  = 13
	maxDescr   = 5 * binary.MaxVarintLen64
	maxHead    = fixedHead + maxDescr
	descrStart = fixedHead
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errHead = errors.New("the head of a record is damaged")
	errBody = errors.New("the body of a record is damaged")
	errTorn = errors.New("the last record is not complete")
)

// describe appends r without its body to buf.
func describe(buf []byte, r *writereq.Record) []byte {
	head := writereq.Record{Counts: r.Counts, NewestMs: r.NewestMs}
	return head.Append(buf)
}

// frameSize returns the size of r's frame.
func frameSize(r *writereq.Record) int64 {
	var buf [maxDescr]byte
	return int64(fixedHead + len(describe(buf[:0], r)) + len(r.Body))
}

// appendHead appends the head of the frame for r to buf, which must be empty.
func appendHead(buf []byte, seq uint64, r *writereq.Record) []byte {
	buf = append(buf, 0, 0, 0, 0)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(r.Body)))
	buf = binary.LittleEndian.AppendUint32(buf, crc32.Checksum(r.Body, castagnoli))
	buf = describe(append(buf, 0), r)
	buf[descrStart-1] = byte(len(buf) - fixedHead)
	binary.LittleEndian.PutUint32(buf, headSum(seq, buf))
	return buf
}

// headSum returns the checksum of a head.
func headSum(seq uint64, head []byte) uint32 {
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], seq)
	return crc32.Update(crc32.Checksum(number[:], castagnoli), castagnoli, head[4:])
}

// head is the decoded head of a frame.
type head struct {
	record  writereq.Record // without the body
	size    int             // size of the head itself
	body    int64           // size of the body
	bodySum uint32
}

func (h *head) tally() Tally {
	return Tally{Counts: h.record.Counts, Records: 1, Bytes: int64(h.size) + h.body}
}

// parseHead decodes the head at the beginning of data. The record may extend over room bytes of its
// file, including the body. parseHead returns errTorn if the file ends within the record.
func parseHead(data []byte, seq uint64, room int64) (head, error) {
	if len(data) < fixedHead {
		return head{}, errTorn
	}
	size := fixedHead + int(data[descrStart-1])
	switch {
	case size > maxHead:
		return head{}, errHead
	case size > len(data):
		return head{}, errTorn
	case binary.LittleEndian.Uint32(data) != headSum(seq, data[:size]):
		return head{}, errHead
	}
	record, err := writereq.Decode(data[descrStart:size])
	if err != nil || len(record.Body) > 0 {
		return head{}, errHead
	}
	h := head{
		record:  record,
		size:    size,
		body:    int64(binary.LittleEndian.Uint32(data[4:])),
		bodySum: binary.LittleEndian.Uint32(data[8:]),
	}
	switch size := int64(h.size) + h.body; {
	case size > maxRecordBytes:
		return head{}, errHead
	case size > room:
		return head{}, errTorn
	}
	return h, nil
}

// readFrame reads the record with the sequence number seq, which begins at the offset off and ends
// before limit. It returns an error of type *damage if the record can never be read.
func readFrame(path string, seq uint64, off, limit int64) (writereq.Record, int64, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return writereq.Record{}, 0, &damage{err: err}
	}
	if err != nil {
		return writereq.Record{}, 0, err
	}
	defer func() { _ = file.Close() }() // The file was only read.

	var buf [maxHead]byte
	n, err := file.ReadAt(buf[:min(maxHead, limit-off)], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return writereq.Record{}, 0, &damage{err: err}
	}
	h, err := parseHead(buf[:n], seq, limit-off)
	if err != nil {
		return writereq.Record{}, 0, &damage{err: fmt.Errorf("%s, offset %d: %w", path, off, err)}
	}
	record, tally := h.record, h.tally()
	record.Body = make([]byte, h.body)
	if _, err := file.ReadAt(record.Body, off+int64(h.size)); err != nil {
		return writereq.Record{}, 0, &damage{err: fmt.Errorf("%s, offset %d: %w", path, off, err), lost: &tally}
	}
	if crc32.Checksum(record.Body, castagnoli) != h.bodySum {
		return writereq.Record{}, 0, &damage{err: fmt.Errorf("%s, offset %d: %w", path, off, errBody), lost: &tally}
	}
	return record, tally.Bytes, nil
}

// scanFrames calls visit with the sequence number and the tally of each record of a segment that has
// size bytes. It reads only the heads. It returns the size of the valid part, and the error that ended
// the scan: errTorn, errHead or an error of the file.
func scanFrames(file io.ReaderAt, size int64, first uint64, visit func(seq uint64, record Tally)) (int64, error) {
	var (
		window = make([]byte, 4096) // part of the file, so that small records need fewer reads
		data   []byte               // unread part of the window
		off    int64
	)
	for seq := first; off < size; seq++ {
		if len(data) < maxHead && int64(len(data)) < size-off {
			n, err := file.ReadAt(window[:min(int64(len(window)), size-off)], off)
			if err != nil && !errors.Is(err, io.EOF) {
				return off, err
			}
			data = window[:n]
		}
		h, err := parseHead(data, seq, size-off)
		if err != nil {
			return off, err
		}
		tally := h.tally()
		visit(seq, tally)
		off += tally.Bytes
		data = data[min(tally.Bytes, int64(len(data))):]
	}
	return off, nil
}
