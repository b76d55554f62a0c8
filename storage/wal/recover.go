package wal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/driftless-raft/driftless/raft"
)

// Open opens the store in some files, or begins one where there are none, and
// reports what it found. It returns a *DamageError where something is lost that the
// store may have promised, a *VersionError, an *OptionsError, or what reading has
// failed with. What it returns as stored is durable.
func Open(options Options, files Files, executor Executor) (*Log, *Report, error) {
	if err := options.check(); err != nil {
		return nil, nil, err
	}
	if err := files.Settle(); err != nil {
		return nil, nil, fmt.Errorf("wal: settling the files before anything is read: %w", err)
	}
	l := &Log{options: options, files: files, executor: executor}
	l.slots.restart(0)
	l.oldest = 1
	l.salt, l.blockShift = options.Salt, uint8(bits.TrailingZeros32(options.BlockBytes))
	r := &recovery{log: l, files: files, report: &Report{}}
	if err := r.list(); err != nil {
		return nil, nil, err
	}
	if err := r.readSegments(); err != nil {
		return nil, nil, err
	}
	if err := r.missing(); err != nil {
		return nil, nil, err
	}
	if err := r.readMarker(); err != nil {
		return nil, nil, err
	}
	if err := r.readSnapshot(); err != nil {
		return nil, nil, err
	}
	r.finish()
	return l, r.report, nil
}

// A recovery rebuilds a log from its files.
type recovery struct {
	log    *Log
	files  Files
	report *Report

	segments  []uint64
	snapshots []uint64
	marked    bool
	identity  raft.Identity // that the marker names

	salted  bool   // a header was read, so the salt and the size of blocks are known
	begun   bool   // a checkpoint was read
	pending *found // the last batch read: whether it is the last of all decides how it is judged
	hurt    bool   // the batch replayed last has lost a body
	mends   []Operation
	remake  bool // the marker is to be written again
}

// list sorts the files there are.
func (r *recovery) list() error {
	files, err := r.files.List()
	if err != nil {
		return fmt.Errorf("wal: listing the files: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Number, b.Number)) })
	for _, file := range files {
		switch file.Kind {
		case MarkerFile:
			r.marked = true
		case SegmentFile:
			r.segments = append(r.segments, file.Number)
		case SnapshotFile:
			r.snapshots = append(r.snapshots, file.Number)
			r.log.lastFile = max(r.log.lastFile, file.Number)
		case TemporaryFile:
			r.remove(file)
			r.log.lastFile = max(r.log.lastFile, file.Number)
		}
	}
	return nil
}

// remove has a left-over file removed.
func (r *recovery) remove(file File) {
	r.log.unwanted = append(r.log.unwanted, file)
	r.report.Removed = append(r.report.Removed, file)
}

// A span is a file in memory.
type span struct {
	file    File
	content []byte
	blind   uint64 // where the last block that can't be read ends, 0 if there is none
}

// load reads a whole file. What can't be read is filled with what no header begins
// with.
func (r *recovery) load(file File) (span, error) {
	s := span{file: file}
	size, err := r.files.Size(file)
	if err != nil {
		return s, fmt.Errorf("wal: the size of %v: %w", file, err)
	}
	if size > fileBytesMax {
		return s, &DamageError{file, 0, "at most 2 GiB", fmt.Sprintf("%d bytes", size)}
	}
	s.content = make([]byte, size)
	if _, err := r.files.ReadAt(file, s.content, 0); err == nil || errors.Is(err, io.EOF) {
		return s, nil
	}
	for at := uint64(0); at < size; at += blockBytesMin {
		end := min(at+blockBytesMin, size)
		if _, err := r.files.ReadAt(file, s.content[at:end], at); err != nil && !errors.Is(err, io.EOF) {
			s.blind = end
			for i := at; i < end; i++ {
				s.content[i] = 0xff
			}
		}
	}
	return s, nil
}

const fileBytesMax = 1 << 31

// readMarker compares the marker with the log. One that is lost is written again.
func (r *recovery) readMarker() error {
	l := r.log
	file := File{Kind: MarkerFile}
	good := false
	if r.marked {
		s, err := r.load(file)
		if err != nil {
			return err
		}
		r.identity, good = parseMarker(s.content)
	}
	switch {
	case l.identity == raft.Identity{}:
		return nil // nobody's yet: what there is of a marker is written again
	case good && r.identity != l.identity:
		return &DamageError{
			file, 0, fmt.Sprintf("the identity of the log's owner, member %d of cluster %d", l.identity.Self.ID, l.identity.Cluster),
			fmt.Sprintf("that of member %d of cluster %d: files of two stores", r.identity.Self.ID, r.identity.Cluster),
		}
	case good:
		l.founding = true
	default:
		r.remake = true
	}
	return nil
}

// readSnapshot checks the bytes of the store's snapshot. What was taken before, or
// after what the log tells of, goes once the last batch is sealed.
func (r *recovery) readSnapshot() error {
	l := r.log
	for _, number := range r.snapshots {
		m := &image{number: number, named: true, durable: true, retired: number != l.snapshotFile}
		l.all = append(l.all, m)
		if m.retired {
			r.report.Removed = append(r.report.Removed, m.file())
		} else {
			l.present = m
		}
	}
	if l.snapshotFile == 0 {
		return nil
	}
	file := File{SnapshotFile, l.snapshotFile}
	if l.present == nil {
		return &DamageError{file, 0, fmt.Sprintf("the snapshot at index %d", l.snapshot.Index), "no file"}
	}
	l.present.snapshot = l.snapshot
	size, err := r.files.Size(file)
	if err != nil {
		return fmt.Errorf("wal: the size of %v: %w", file, err)
	}
	if size != l.snapshot.Size {
		return &DamageError{file, 0, fmt.Sprintf("the %d bytes of the snapshot at index %d", l.snapshot.Size, l.snapshot.Index), fmt.Sprintf("%d bytes", size)}
	}
	hash := digestBasis
	for at := uint64(0); at < size; at += snapshotStep {
		bytes, read := l.chunk(at, snapshotStep)
		if !read {
			return l.present.damage("bytes that can't be read")
		}
		hash = digest(hash, bytes)
	}
	if hash != l.snapshot.Digest {
		return l.present.damage(fmt.Sprintf("digest %016x", hash))
	}
	return nil
}

const snapshotStep = 1 << 20

// finish makes the log ready to be written to.
func (r *recovery) finish() {
	l := r.log
	l.durable = l.written
	for index := l.base + 1; index <= l.last; index++ {
		if l.slots.at(index).lost {
			r.report.Damaged = append(r.report.Damaged, index)
		}
	}
	l.sweepSegments = l.segment
	if l.slots.holds(l.base + 1) {
		l.sweepSegments = l.slots.at(l.base + 1).home
	}
	if len(r.mends) > 0 {
		l.begin(&l.mending, r.mends...)
	}
	if r.remake {
		l.founding = true
		l.mark()
	}
	l.advance()
}
