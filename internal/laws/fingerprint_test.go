package laws

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/driftless-raft/driftless/raft"
)

var update = flag.Bool("update", false, "write the core's fingerprint into raft/fingerprint.go")

// fingerprintFile is the one source that is not part of what it describes.
const fingerprintFile = "fingerprint.go"

// fingerprint hashes the names and contents of the core's sources, in the order
// of their names.
func fingerprint(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	slices.Sort(names)
	hash := sha256.New()
	for _, name := range names {
		base := filepath.Base(name)
		if strings.HasSuffix(base, "_test.go") || base == fingerprintFile {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(hash, "%s %d\n", base, len(source))
		hash.Write(source)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16]
}

func TestTheCoreCarriesItsFingerprint(t *testing.T) {
	folder := filepath.Join("..", "..", "raft")
	now := fingerprint(t, folder)
	if *update {
		source := fmt.Sprintf("package raft\n\n// Fingerprint is a hash of the core's sources. Whatever runs the core shows it.\n// It is written by `go test ./internal/laws -run Fingerprint -update`.\nconst Fingerprint = %q\n", now)
		if err := os.WriteFile(filepath.Join(folder, fingerprintFile), []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if raft.Fingerprint != now {
		t.Errorf("raft.Fingerprint is %s, the sources' is %s; run `go test ./internal/laws -run Fingerprint -update`", raft.Fingerprint, now)
	}
}

func TestTheFingerprintChangesWithTheSources(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.go", "package raft\n")
	first := fingerprint(t, folder)
	write("a_test.go", "package raft\n")
	write(fingerprintFile, "package raft\n")
	if fingerprint(t, folder) != first {
		t.Error("tests and the fingerprint itself do not count")
	}
	write("a.go", "package raft \n")
	if fingerprint(t, folder) == first {
		t.Error("a changed source should change the fingerprint")
	}
}
