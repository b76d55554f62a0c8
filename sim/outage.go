package sim

// outage has the power fail for all servers at once: whatever was told to anybody and
// is not on the disks of a quorum is gone.
func (w *world) outage() {
	w.coverage[outages]++
	for _, s := range w.servers[:w.count] {
		if s.up {
			s.crash()
		}
	}
}

// outageAfterAnswer has it fail, now and then, right after a client was told that its
// command is done, when it matters most.
func (w *world) outageAfterAnswer() {
	if w.network.calm || !w.tape.chance(w.options.OutageOnAnswer) {
		return
	}
	w.agenda.push(event{at: w.now, kind: nemesisEvent, value: powerFails})
}

// expandOutages has the power fail in some seeds. Where it does so often, leaders have
// little time for anything else.
func (o *Options) expandOutages(t *tape) {
	if t.draw(3) == 0 {
		o.Outages = uint32(pick(t, 1, 3))
		o.OutageOnAnswer = uint32(pick(t, 0, 2_000, 20_000))
	}
}
