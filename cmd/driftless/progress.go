package main

import (
	"os"

	"github.com/driftless-raft/driftless/sim"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress is a bar that shows how many seeds are done; where nobody looks at a
// terminal, nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
}

func newProgress(terminal *os.File, seeds uint64) *progress {
	info, err := terminal.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || seeds == 1 {
		return &progress{}
	}
	p := &progress{container: mpb.New(mpb.WithOutput(terminal), mpb.WithWidth(64))}
	p.bar = p.container.AddBar(int64(seeds),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("seeds "), decor.CountersNoUnit("%d of %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)),
	)
	return p
}

// advance counts one more seed.
func (p *progress) advance(*sim.Result) {
	if p.bar != nil {
		p.bar.Increment()
	}
}

// finish takes the bar away.
func (p *progress) finish() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.container.Wait()
}
