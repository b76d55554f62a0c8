package main

import (
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress is a bar that shows how much is done; where nobody looks at a terminal,
// nothing.
type progress struct {
	container *mpb.Progress
	bar       *mpb.Bar
}

// newProgress shows a bar for so many of a unit.
func newProgress(terminal *os.File, total uint64, unit string) *progress {
	info, err := terminal.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || total <= 1 {
		return &progress{}
	}
	p := &progress{container: mpb.New(mpb.WithOutput(terminal), mpb.WithWidth(64))}
	p.bar = p.container.AddBar(int64(total),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(unit+" "), decor.CountersNoUnit("%d of %d")),
		mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)),
	)
	return p
}

// advance shows how much is done by now.
func (p *progress) advance(done uint64) {
	if p.bar != nil {
		p.bar.SetCurrent(int64(done))
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
