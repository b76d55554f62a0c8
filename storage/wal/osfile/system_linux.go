//go:build amd64 || arm64 || loong64 || ppc64le || riscv64 || s390x

package osfile

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the directory for this process alone, until the handle is closed.
func lock(directory *os.File) error {
	return control(directory, func(fd uintptr) error { return syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
}

// allocate reserves space and makes the file that long. A file system that can't
// reserve gets a file with holes: then only writing finds out that there is no space.
func allocate(file *os.File, size int64) error {
	err := control(file, func(fd uintptr) error { return syscall.Fallocate(int(fd), 0, 0, size) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return file.Truncate(size)
	}
	return err
}

// syncData makes a file durable, but for its times.
func syncData(file *os.File) error {
	return control(file, func(fd uintptr) error { return syscall.Fdatasync(int(fd)) })
}

// dropCache has the system forget what it has of a file in its cache and is not to be
// written.
func dropCache(file *os.File) error {
	const dontNeed = 4 // POSIX_FADV_DONTNEED
	return control(file, func(fd uintptr) error {
		if _, _, code := syscall.Syscall6(syscall.SYS_FADVISE64, fd, 0, 0, dontNeed, 0, 0); code != 0 && code != syscall.EINVAL {
			return code
		}
		return nil
	})
}

// control makes a system call on a file until it is not interrupted.
func control(file *os.File, call func(fd uintptr) error) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	err = raw.Control(func(fd uintptr) {
		for {
			if result = call(fd); !errors.Is(result, syscall.EINTR) {
				return
			}
		}
	})
	return errors.Join(err, result)
}

func outOfSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
