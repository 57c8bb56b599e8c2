package writebody_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/luxfi/metric/internal/writebody"
	"github.com/luxfi/metric/internal/writereq/writereqtest"
)

func TestCompress(t *testing.T) {
	var block, plain []byte
	for _, data := range [][]byte{nil, []byte("a"), writereqtest.EncodeV2(realistic(1000)), bytes.Repeat([]byte("ab"), 1000)} {
		block = writebody.Compress(block, data)
		got, err := writebody.Decompress(plain, block)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes become %d, error %v", len(data), len(got), err)
		}
		if len(data) > 100 && len(block) > len(data)/2 {
			t.Errorf("%d bytes were compressed to %d", len(data), len(block))
		}
		plain = got
	}
}

func TestCompressReusesMemory(t *testing.T) {
	data := writereqtest.EncodeV2(realistic(1000))
	var block, plain []byte
	allocs := testing.AllocsPerRun(10, func() {
		block = writebody.Compress(block, data)
		var err error
		if plain, err = writebody.Decompress(plain, block); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestDecompressBadBlocks(t *testing.T) {
	for name, c := range map[string]struct{ block, want string }{
		"empty":        {"", "corrupt"},
		"no content":   {"\x05", "corrupt"},
		"bad copy":     {"\x05\x01\x05\x00", "corrupt"},
		"a huge block": {"\xff\xff\xff\xff\x07", "268435456 are allowed"},
	} {
		if _, err := writebody.Decompress(nil, []byte(c.block)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	v2 := writereqtest.EncodeV2(realistic(10_000))
	v1, _, err := new(writebody.Downgrader).Downgrade(nil, v2)
	if err != nil {
		b.Fatal(err)
	}
	for _, data := range []struct {
		name string
		data []byte
	}{{"2.0", v2}, {"1.0", v1}} {
		for name, encode := range map[string]func(dst, src []byte) []byte{"fast": s2.EncodeSnappy, "better": s2.EncodeSnappyBetter} {
			b.Run(data.name+"/"+name, func(b *testing.B) {
				buf := make([]byte, s2.MaxEncodedLen(len(data.data)))
				b.SetBytes(int64(len(data.data)))
				var n int
				for b.Loop() {
					n = len(encode(buf, data.data))
				}
				b.ReportMetric(float64(len(data.data))/float64(n), "ratio")
			})
		}
	}
}
