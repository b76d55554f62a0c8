package wal

// Options are chosen when a store is opened. A zero leaves the default.
type Options struct {
	// Entries is how many entries the log may hold, and Bytes how much data in
	// them: what [raft.Room] counts from. By default 1,048,576 and 1 GiB.
	Entries uint32
	Bytes   uint32
	// SegmentBytes is the size of a segment, space for which is reserved before it
	// is used: 64 KiB to 1 GiB, a multiple of 64 KiB, by default 64 MiB. No entry
	// can be larger than a segment without two headers; see [Log.Room].
	SegmentBytes uint32
	// BatchBytes is about how much of bodies goes into one batch, by default 1 MiB.
	BatchBytes uint32
	// CacheBytes is about how much of recent bodies is kept in memory, beside what
	// is not yet durable, by default 16 MiB.
	CacheBytes uint32
	// BlockBytes is what the disk may spoil at once: a power of two from 512 to
	// 8,192, by default 4,096. It counts for a new store only.
	BlockBytes uint32
	// Salt is a random number, so that nothing that somebody else wrote can be
	// taken for a part of this store. It counts for a new store only.
	Salt uint64
}

const segmentUnit = 64 << 10

// check fills in the defaults.
func (o *Options) check() error {
	for _, d := range []struct {
		option *uint32
		value  uint32
	}{
		{&o.Entries, 1 << 20},
		{&o.Bytes, 1 << 30},
		{&o.SegmentBytes, 64 << 20},
		{&o.BatchBytes, 1 << 20},
		{&o.CacheBytes, 16 << 20},
		{&o.BlockBytes, 4096},
	} {
		if *d.option == 0 {
			*d.option = d.value
		}
	}
	switch {
	case o.SegmentBytes%segmentUnit != 0 || o.SegmentBytes > 1<<30:
		return &OptionsError{"SegmentBytes", uint64(o.SegmentBytes), "a multiple of 65,536 up to 1 GiB"}
	case o.BlockBytes&(o.BlockBytes-1) != 0 || o.BlockBytes < blockBytesMin || o.BlockBytes > blockBytesMax:
		return &OptionsError{"BlockBytes", uint64(o.BlockBytes), "a power of two from 512 to 8,192"}
	}
	return nil
}
