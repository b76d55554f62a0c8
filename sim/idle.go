package sim

// idleOptions are those of five nodes with a heartbeat every 100 ms, of whom nobody
// asks anything and to whom nothing happens.
func idleOptions() Options {
	return Options{
		Nodes: 5, ElectionTimeout: 500 * millisecond, Heartbeat: 100 * millisecond,
		MaxMessageBytes: 1024, MaxInflightBytes: 4096, MaxUncommitted: 8192, ChunkBytes: 256, LeaseReads: true,
		StoreEntries: 256, StoreBytes: 16384, Reserve: 16 + 256/storeBlocks, Sessions: 1, Scans: true,
		DelayMin: millisecond / 5, DelayMax: millisecond,
	}
}

// Idle lets a cluster of five nodes run for a number of simulated seconds with
// nothing to do but heartbeats, under the same oracles as all runs: how much faster
// than real time that goes is what quiet costs.
func Idle(seconds uint64) Result {
	var w world
	options := idleOptions()
	w.reset(&options, randomTape(1))
	w.idle(seconds * 1000 * millisecond)
	r := w.result()
	r.Options = options
	return r
}

func (w *world) idle(length uint64) {
	defer w.rescue()
	w.found()
	w.until(length)
}
