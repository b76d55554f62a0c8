//go:build tinygo && (cortexm || tinygo.riscv32)

// Copying and clearing memory. LLVM makes calls of these out of assignments and
// zeroing of Go values, under the C names or those of the ARM run-time ABI.
// "used" keeps them through link-time optimization, which runs before such calls
// come into being.
//
// The target description compiles C with -ffreestanding: otherwise LLVM would
// recognize these very loops and replace them by calls of themselves.

typedef __SIZE_TYPE__ size_t;
typedef unsigned char byte;

// A word at any address. An ARMv7-M loads and stores those in one instruction;
// for a core that can't, the compiler falls back to bytes.
typedef struct __attribute__((packed, may_alias)) {
	unsigned value;
} word;

#define RUNTIME __attribute__((used))
#define ALIAS(name) __attribute__((used, alias(name)))

RUNTIME void *memcpy(void *to, const void *from, size_t n) {
	byte *t = to;
	const byte *f = from;
	for (; n >= sizeof(word); n -= sizeof(word), t += sizeof(word), f += sizeof(word))
		*(word *)t = *(const word *)f;
	while (n--)
		*t++ = *f++;
	return to;
}

// Where source and destination overlap with the source first, the copy must
// start from the end. memcpy above works upwards, one load before each store,
// and is right for all else.
RUNTIME void *memmove(void *to, const void *from, size_t n) {
	byte *t = to;
	const byte *f = from;
	if (t <= f || t >= f + n)
		return memcpy(to, from, n);
	for (; n >= sizeof(word); n -= sizeof(word))
		*(word *)(t + n - sizeof(word)) = *(const word *)(f + n - sizeof(word));
	while (n--)
		t[n] = f[n];
	return to;
}

RUNTIME void *memset(void *to, int value, size_t n) {
	byte *t = to;
	unsigned pattern = (byte)value * 0x01010101u;
	for (; n >= sizeof(word); n -= sizeof(word), t += sizeof(word))
		((word *)t)->value = pattern;
	while (n--)
		*t++ = (byte)value;
	return to;
}

#ifdef __arm__
// The ABI's names. The 4 and 8 promise an alignment that is not needed here;
// its memset takes the size before the value.
ALIAS("memcpy") void *__aeabi_memcpy(void *, const void *, size_t);
ALIAS("memcpy") void *__aeabi_memcpy4(void *, const void *, size_t);
ALIAS("memcpy") void *__aeabi_memcpy8(void *, const void *, size_t);
ALIAS("memmove") void *__aeabi_memmove(void *, const void *, size_t);
ALIAS("memmove") void *__aeabi_memmove4(void *, const void *, size_t);
ALIAS("memmove") void *__aeabi_memmove8(void *, const void *, size_t);

RUNTIME void __aeabi_memset(void *to, size_t n, int value) { memset(to, value, n); }
ALIAS("__aeabi_memset") void __aeabi_memset4(void *, size_t, int);
ALIAS("__aeabi_memset") void __aeabi_memset8(void *, size_t, int);

RUNTIME void __aeabi_memclr(void *to, size_t n) { memset(to, 0, n); }
ALIAS("__aeabi_memclr") void __aeabi_memclr4(void *, size_t);
ALIAS("__aeabi_memclr") void __aeabi_memclr8(void *, size_t);
#endif
