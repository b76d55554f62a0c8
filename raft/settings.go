package raft

// check returns BadSettings if a setting is out of its range, or OK.
func (s *Settings) check() Code {
	switch {
	case s.Heartbeat == 0 || s.ElectionTimeout/3 < s.Heartbeat || s.ElectionTimeout > 1<<50,
		s.MaxMessageBytes == 0 || s.MaxInflightBytes < s.MaxMessageBytes,
		s.MaxUncommittedBytes < s.MaxMessageBytes || s.MaxUncommittedBytes >= 1<<31,
		s.ChunkBytes == 0 || s.Reserve == 0 || s.Reserve >= MaxRuns,
		s.MaxClockErrorPPM >= 1_000_000:
		return BadSettings
	}
	return OK
}

// window is how long a voter protects a leader it has heard from (§4.2.3). It is
// one heartbeat less than the least election timeout: were it as long, the first
// candidate after a leader's loss would meet voters that still protect it.
func (s *Settings) window() Duration { return s.ElectionTimeout - s.Heartbeat }

// lease is how long a leader may serve reads after the start of a round that a
// quorum echoed (§6.4.1): its own clock may run slow by the bound on clock error,
// the voters' fast.
func (s *Settings) lease() Duration {
	const million = 1_000_000
	return s.window() / (million + Duration(s.MaxClockErrorPPM)) * (million - Duration(s.MaxClockErrorPPM))
}
