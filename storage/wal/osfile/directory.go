// Package osfile keeps the files of a [wal.Log] in a directory of the operating
// system, and carries its operations out.
//
//	directory, err := osfile.Open(path)
//	log, report, err := wal.Open(options, directory, directory)
//	…
//	directory.Perform(log) // carries out what waits, in this goroutine
//
// or, with a thread of its own for the disk, a [Worker]:
//
//	worker := osfile.NewWorker(directory)
//	log, report, err := wal.Open(options, directory, worker)
//	…
//	case done := <-worker.Done():
//		log.Complete(done.Number, done.Err)
package osfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/driftless-raft/driftless/storage/wal"
)

// Directory is a directory with the files of one store, which nobody else may use at
// the same time. It is a [wal.Files], and a [wal.Executor] that collects operations
// until Perform.
type Directory struct {
	path    string
	handle  *os.File // the directory's, which is locked
	waiting []wal.Operation

	mutex sync.Mutex // of open: a Worker writes while the log's owner reads
	open  map[wal.File]*os.File
}

// LockedError says that a directory is in use.
type LockedError struct {
	Path string
	Err  error
}

// Error names the directory and the way out.
func (e *LockedError) Error() string {
	return fmt.Sprintf("osfile: %s is in use by another process: %v; stop that one, or choose another directory", e.Path, e.Err)
}

// Unwrap is the cause.
func (e *LockedError) Unwrap() error { return e.Err }

// Open opens a directory, and makes it if there is none. It returns a *LockedError
// where another process has it open.
func Open(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("osfile: making the directory of a store: %w", err)
	}
	handle, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("osfile: opening the directory of a store: %w", err)
	}
	if err := lock(handle); err != nil {
		return nil, errors.Join(&LockedError{path, err}, handle.Close())
	}
	return &Directory{path: path, handle: handle, open: map[wal.File]*os.File{}}, nil
}

// Close closes all files. Operations that wait are not carried out.
func (d *Directory) Close() error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	err := d.handle.Close()
	for file, handle := range d.open {
		err = errors.Join(err, handle.Close())
		delete(d.open, file)
	}
	d.waiting = nil
	return err
}

// Submit takes an operation, to be carried out by Perform.
func (d *Directory) Submit(o wal.Operation) { d.waiting = append(d.waiting, o) }

// Perform carries out the operations that wait, and those that their completion
// brings, in the order of their numbers, and tells the log of each.
func (d *Directory) Perform(log *wal.Log) {
	for done := 0; done < len(d.waiting); done++ {
		o := d.waiting[done]
		log.Complete(o.Number, d.carryOut(&o))
	}
	clear(d.waiting)
	d.waiting = d.waiting[:0]
}

// carryOut does an operation. Only one goroutine may do so.
func (d *Directory) carryOut(o *wal.Operation) error {
	err := d.attempt(o)
	if outOfSpace(err) {
		return fmt.Errorf("%w: %w", wal.ErrNoSpace, err)
	}
	return err
}

func (d *Directory) attempt(o *wal.Operation) error {
	switch o.Kind {
	case wal.Create:
		return d.create(o.File)
	case wal.Rename:
		d.rename(o.File, o.Target)
		return os.Rename(d.name(o.File), d.name(o.Target))
	case wal.Remove:
		return errors.Join(d.shut(o.File), os.Remove(d.name(o.File)))
	case wal.SyncDirectory:
		return d.handle.Sync()
	}
	handle, err := d.handleOf(o.File)
	if err != nil {
		return err
	}
	switch o.Kind {
	case wal.Allocate:
		return allocate(handle, int64(o.Size))
	case wal.Write:
		_, err = handle.WriteAt(o.Bytes, int64(o.Offset))
		return err
	case wal.Sync:
		return syncData(handle)
	}
	return fmt.Errorf("osfile: %v is no operation", o.Kind)
}

func (d *Directory) name(file wal.File) string { return filepath.Join(d.path, file.String()) }

// create makes an empty file, in place of one that may be there.
func (d *Directory) create(file wal.File) error {
	if err := d.shut(file); err != nil {
		return err
	}
	handle, err := os.OpenFile(d.name(file), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o640)
	if err == nil {
		d.mutex.Lock()
		d.open[file] = handle
		d.mutex.Unlock()
	}
	return err
}

// rename has the handle follow the file.
func (d *Directory) rename(file, target wal.File) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if handle := d.open[file]; handle != nil {
		d.open[target] = handle
		delete(d.open, file)
	}
}

func (d *Directory) shut(file wal.File) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	handle := d.open[file]
	if handle == nil {
		return nil
	}
	delete(d.open, file)
	return handle.Close()
}

// handleOf is the file's handle. Files stay open until they are removed.
func (d *Directory) handleOf(file wal.File) (*os.File, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if handle := d.open[file]; handle != nil {
		return handle, nil
	}
	handle, err := os.OpenFile(d.name(file), os.O_RDWR, 0)
	if err == nil {
		d.open[file] = handle
	}
	return handle, err
}

// Settle implements [wal.Files]: everything is synced, and then dropped from the
// page cache, where an earlier sync that failed may have left what is not on disk.
func (d *Directory) Settle() error {
	files, err := d.List()
	if err != nil {
		return err
	}
	for _, file := range files {
		handle, err := d.handleOf(file)
		if err != nil {
			return err
		}
		if err := handle.Sync(); err != nil {
			return err
		}
		if err := dropCache(handle); err != nil {
			return err
		}
	}
	return d.handle.Sync()
}

// List implements [wal.Files].
func (d *Directory) List() ([]wal.File, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var files []wal.File
	for _, entry := range entries {
		if file, is := wal.ParseFile(entry.Name()); is {
			files = append(files, file)
		}
	}
	return files, nil
}

// Size implements [wal.Files].
func (d *Directory) Size(file wal.File) (uint64, error) {
	handle, err := d.handleOf(file)
	if err != nil {
		return 0, err
	}
	info, err := handle.Stat()
	if err != nil {
		return 0, err
	}
	return uint64(info.Size()), nil
}

// ReadAt implements [wal.Files].
func (d *Directory) ReadAt(file wal.File, into []byte, offset uint64) (int, error) {
	if offset > 1<<62 {
		return 0, io.EOF
	}
	handle, err := d.handleOf(file)
	if err != nil {
		return 0, err
	}
	return handle.ReadAt(into, int64(offset))
}
