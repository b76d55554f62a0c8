package disk

import (
	"cmp"
	"slices"

	"github.com/driftless-raft/driftless/storage/wal"
)

// A directory is names of files, in order.
type directory []name

type name struct {
	wal.File
	*inode
}

func (d directory) search(file wal.File) (int, bool) {
	return slices.BinarySearchFunc(d, file, func(n name, file wal.File) int {
		return cmp.Or(cmp.Compare(n.Kind, file.Kind), cmp.Compare(n.Number, file.Number))
	})
}

// find is the file of a name, or nil.
func (d directory) find(file wal.File) *inode {
	if i, found := d.search(file); found {
		return d[i].inode
	}
	return nil
}

// put gives a file a name and returns the one that had it, or nil.
func (d *directory) put(file wal.File, f *inode) (before *inode) {
	i, found := d.search(file)
	if !found {
		*d = slices.Insert(*d, i, name{file, f})
		return nil
	}
	before, (*d)[i].inode = (*d)[i].inode, f
	return before
}

// drop takes a name away and returns the file that had it, or nil.
func (d *directory) drop(file wal.File) *inode {
	i, found := d.search(file)
	if !found {
		return nil
	}
	f := (*d)[i].inode
	*d = slices.Delete(*d, i, i+1)
	return f
}

func (d directory) leadTo(f *inode) bool {
	return slices.ContainsFunc(d, func(n name) bool { return n.inode == f })
}
