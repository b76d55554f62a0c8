// Package proof shows that the core needs no heap and computes the same
// everywhere. [Run] drives it through a fixed program and prints hashes of all it
// did. The tests run the same lines of Go on the host, on an emulated Cortex-M3
// and as WebAssembly and compare what is printed; for the Cortex-M3 they are
// linked with TinyGo's -gc=none, which fails where anything reachable may
// allocate. Only reachable code counts, so Run must call the whole exported API.
//
// Nothing in this package may allocate, the output included.
package proof

// Run drives the core and hands its output to write, piece by piece: a line of a
// name and a hash in hexadecimal.
func Run(write func(string)) {
	report(write, "cluster", clusterTrace())
}

// RunRuntime does the same with our own replacements of a C library. It is a
// program of its own, so that the size of Run's is that of the core.
func RunRuntime(write func(string)) {
	report(write, "arithmetic", arithmetic())
	report(write, "copies", copies())
}

// report writes one line of the output. The digits are written one by one as
// pieces of a constant, since putting a string together would allocate.
func report(write func(string), name string, d digest) {
	const digits = "0123456789abcdef"
	write(name)
	write(" ")
	for shift := 60; shift >= 0; shift -= 4 {
		digit := d >> shift & 15
		write(digits[digit : digit+1])
	}
	write("\n")
}

// A digest is a running 64-bit FNV-1a hash: small, and without the tables that
// hash/crc32 makes at run time.
type digest uint64

const newDigest digest = 14695981039346656037

// add takes v into the hash, least significant byte first on every machine.
func (d *digest) add(v uint64) {
	for range 8 {
		*d = (*d ^ digest(v&0xff)) * 1099511628211
		v >>= 8
	}
}

// random is a SplitMix64 sequence: the same choices on every machine.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
