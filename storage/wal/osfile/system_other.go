//go:build !linux || !(amd64 || arm64 || loong64 || ppc64le || riscv64 || s390x)

package osfile

import (
	"errors"
	"os"
	"syscall"
)

// Elsewhere than on 64-bit Linux a directory is not locked, space is not reserved, and what
// a sync that failed has left in a cache is not dropped: docs/wal.md says what that
// means.

func lock(*os.File) error { return nil }

func allocate(file *os.File, size int64) error { return file.Truncate(size) }

func syncData(file *os.File) error { return file.Sync() }

func dropCache(*os.File) error { return nil }

func outOfSpace(err error) bool { return errors.Is(err, syscall.ENOSPC) }
