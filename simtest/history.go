package simtest

import (
	"cmp"
	"slices"
	"sort"
)

// End implements [sim.Guest].
func (v *visit) End() {
	if v.subject.History == nil || v.failed {
		return
	}
	err := v.judge(v.until(lasting))
	if err == nil || v.failed {
		return
	}
	// The shortest history that is refused says most.
	returned := v.until(lasting - 1)
	slices.SortFunc(returned, func(a, b Operation) int { return cmp.Compare(a.Returned, b.Returned) })
	at := sort.Search(len(returned), func(i int) bool { return v.judge(v.until(returned[i].Returned)) != nil })
	if at < len(returned) {
		short := v.until(returned[at].Returned)
		if sooner := v.judge(short); sooner != nil {
			err = sooner
			slices.SortFunc(short, func(a, b Operation) int { return cmp.Compare(a.Returned, b.Returned) })
			v.story.retell(short)
		}
	}
	v.fail(historyRule, err.Error())
}

// judge has the subject look at a history.
func (v *visit) judge(history []Operation) (err error) {
	v.guard("History", func() { err = v.subject.History(history) })
	return err
}

// until is the history as it was known when an operation returned. What had not
// returned then is unknown, and a question of that kind leaves no trace.
func (v *visit) until(returned int64) []Operation {
	var history []Operation
	for i := range v.history {
		o := v.history[i]
		switch {
		case o.Invoked > returned, o.Returned > returned && o.Question != nil, o.Returned == lasting && o.Question != nil:
			continue
		case o.Returned > returned, o.Returned == lasting:
			o.Returned, o.Unknown, o.Response = lasting, true, nil
		}
		history = append(history, o)
	}
	return history
}
