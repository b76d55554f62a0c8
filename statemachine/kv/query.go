package kv

import "encoding/binary"

// GetQuestion asks for an item.
func GetQuestion(key string) []byte { return append([]byte{get}, key...) }

// RangeQuestion asks for at most so many items from one key up to another, itself not
// included; an empty key is no bound. It returns a [KeySizeError] for bounds that no
// key can reach.
func RangeQuestion(from, to string, most uint32) ([]byte, error) {
	if length := max(len(from), len(to)); length > KeyBytesMax {
		return nil, &KeySizeError{length}
	}
	question := binary.LittleEndian.AppendUint32([]byte{scan}, most)
	question = binary.LittleEndian.AppendUint16(question, uint16(len(from)))
	return append(append(question, from...), to...), nil
}

// Query implements [statemachine.Machine]. Within a program, [Store.View] is the
// shorter way.
func (s *Store) Query(question []byte) []byte {
	if len(question) == 0 {
		return s.respond(Malformed, 0)
	}
	switch question[0] {
	case get:
		item, found := s.view.Get(string(question[1:]))
		if !found {
			return s.respond(NotFound, 0)
		}
		s.respond(Done, item.Revision)
		s.answer = append(s.answer, item.Value...)
		return s.answer
	case scan:
		return s.scan(question[1:])
	}
	return s.respond(Malformed, 0)
}

const rangeHeaderBytes = 14 // of the answer: outcome, revision, more, count

func (s *Store) scan(question []byte) []byte {
	if len(question) < 6 {
		return s.respond(Malformed, 0)
	}
	most, length := binary.LittleEndian.Uint32(question), int(binary.LittleEndian.Uint16(question[4:]))
	if question = question[6:]; len(question) < length {
		return s.respond(Malformed, 0)
	}
	from, to := string(question[:length]), string(question[length:])
	s.respond(Done, s.view.revision)
	s.answer = append(s.answer, 0, 0, 0, 0, 0)
	count := uint32(0)
	for item := range s.view.Range(from, to) {
		if count == most || count > 0 && len(s.answer)+len(item.Key)+len(item.Value) > AnswerBytesMax {
			s.answer[9] = 1
			break
		}
		s.answer = appendItem(s.answer, &item)
		count++
	}
	binary.LittleEndian.PutUint32(s.answer[10:], count)
	return s.answer
}

const itemBytes = 14 // before its key

// appendItem appends an item as answers and snapshots hold it.
func appendItem(b []byte, item *Item) []byte {
	b = binary.LittleEndian.AppendUint64(b, item.Revision)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(item.Key)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(item.Value)))
	return append(append(b, item.Key...), item.Value...)
}

// cutItem takes an item off the front of bytes, or returns false if they begin with
// none. The value is a part of the bytes.
func cutItem(b []byte) (item Item, rest []byte, ok bool) {
	if len(b) < itemBytes {
		return Item{}, nil, false
	}
	item.Revision = binary.LittleEndian.Uint64(b)
	key, value := int(binary.LittleEndian.Uint16(b[8:])), uint64(binary.LittleEndian.Uint32(b[10:]))
	if b = b[itemBytes:]; uint64(len(b)) < uint64(key)+value {
		return Item{}, nil, false
	}
	item.Key = string(b[:key])
	item.Value = b[key : key+int(value)]
	return item, b[key+int(value):], true
}

// ParseGet is the item of a key, from the answer to [GetQuestion].
func ParseGet(key string, answer []byte) (Item, bool) {
	if len(answer) < ResponseBytes || Outcome(answer[0]) != Done {
		return Item{}, false
	}
	return Item{Key: key, Revision: binary.LittleEndian.Uint64(answer[1:]), Value: answer[ResponseBytes:]}, true
}

// ParseRange is the items of a range, from the answer to [RangeQuestion], the store's
// revision, and whether there are more. It returns false for bytes that are no such
// answer.
func ParseRange(answer []byte) (items []Item, revision uint64, more, ok bool) {
	if len(answer) < rangeHeaderBytes || Outcome(answer[0]) != Done {
		return nil, 0, false, false
	}
	revision, more = binary.LittleEndian.Uint64(answer[1:]), answer[9] == 1
	count, rest := binary.LittleEndian.Uint32(answer[10:]), answer[rangeHeaderBytes:]
	for range count {
		var item Item
		if item, rest, ok = cutItem(rest); !ok {
			return nil, 0, false, false
		}
		items = append(items, item)
	}
	return items, revision, more, len(rest) == 0
}
