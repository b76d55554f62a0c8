package sim

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/driftless-raft/driftless/trace"
)

// listed are the options that are not zero, by name, as tapes keep them.
func (o *Options) listed() []trace.Option {
	var list []trace.Option
	value := reflect.ValueOf(o).Elem()
	for i := range value.NumField() {
		if field := value.Field(i); !field.IsZero() || field.Type() == reflect.TypeFor[StoreKind]() {
			list = append(list, trace.Option{Name: value.Type().Field(i).Name, Value: fmt.Sprint(field.Interface())})
		}
	}
	return list
}

// optionsOf makes options of such a list; what is not listed is zero. It refuses a
// name that is no option, and a value that is none of that option's.
func optionsOf(list []trace.Option) (o Options, err error) {
	value := reflect.ValueOf(&o).Elem()
	for _, option := range list {
		field := value.FieldByName(option.Name)
		if !field.IsValid() {
			return o, fmt.Errorf("the tape has an option %s, which this version does not know", option.Name)
		}
		if !set(field, option.Value) {
			return o, fmt.Errorf("the tape has option %s=%s, which is no value for it", option.Name, option.Value)
		}
	}
	return o, o.check()
}

// set gives a field a value, and returns false if it is none.
func set(field reflect.Value, text string) bool {
	if field.Type() == reflect.TypeFor[StoreKind]() {
		for kind := range storeKinds {
			if kind.String() == text {
				field.Set(reflect.ValueOf(kind))
				return true
			}
		}
		return false
	}
	switch field.Kind() {
	case reflect.Bool:
		truth, err := strconv.ParseBool(text)
		field.SetBool(truth)
		return err == nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, field.Type().Bits())
		field.SetUint(n)
		return err == nil
	default:
		return false
	}
}

// check refuses options that would take all memory or never end. They come from a
// file; what else is wrong with them shows when a world is made of them.
func (o *Options) check() error {
	for _, limit := range [...]struct {
		name               string
		value, least, most uint64
	}{
		{"Nodes", uint64(o.Nodes), 1, 7},
		{"Nodes and Spares", uint64(o.Nodes) + uint64(o.Spares), 1, serversMax},
		{"Clients", uint64(o.Clients), 1, 255},
		{"Sessions", uint64(o.Sessions), 1, sessionsMax},
		{"ElectionTimeout", o.ElectionTimeout, millisecond, 1 << 40},
		{"Heartbeat", o.Heartbeat, millisecond / 10, o.ElectionTimeout},
		{"SafetyPhase", o.SafetyPhase, 0, 10_000 * o.ElectionTimeout},
		{"FaultEvery", o.FaultEvery, 1000, 1 << 50},
		{"ClientEvery", o.ClientEvery, 1000, 1 << 50},
		{"OperatorEvery", o.OperatorEvery, 1000, 1 << 50},
		{"StoreEntries", uint64(o.StoreEntries), storeBlocks, 1 << 20},
		{"StoreBytes", uint64(o.StoreBytes), storeBlocks, 1 << 28},
		{"SnapshotBytes", uint64(o.SnapshotBytes), 0, 1 << 20},
		{"LinkCapacity", uint64(o.LinkCapacity), 0, linkCapacityMax},
		{"ClockErrorPPM and ClockExcessPPM", uint64(o.ClockErrorPPM) + uint64(o.ClockExcessPPM), 0, million - 1},
	} {
		if limit.value < limit.least || limit.value > limit.most {
			return fmt.Errorf("the tape has %s=%d, which must be from %d to %d", limit.name, limit.value, limit.least, limit.most)
		}
	}
	return nil
}
