//go:build tinygo && (cortexm || tinygo.riscv32)

// 64-bit shifts and division, which a 32-bit core has no instructions for (it
// multiplies and adds 64 bits in line). The names and registers are those of the
// ARM run-time ABI, on other cores those of GCC's library. "used" keeps them through
// link-time optimization, which runs before calls of them come into being.

typedef unsigned u32;
typedef unsigned long long u64;
typedef long long i64;

#define RUNTIME __attribute__((used))

typedef union {
	u64 whole;
	struct {
		u32 low, high;
	} half;
} pair;

#ifdef __arm__
#define SHIFT_LEFT __aeabi_llsl
#define SHIFT_RIGHT __aeabi_llsr
#define SHIFT_RIGHT_SIGNED __aeabi_lasr
#else
#define SHIFT_LEFT __ashldi3
#define SHIFT_RIGHT __lshrdi3
#define SHIFT_RIGHT_SIGNED __ashrdi3
#endif

// The shifts work on halves, since a shift of the whole would be compiled into a
// call of itself. The shift by 32-n is split, because n may be 0 and a C shift
// by 32 is undefined. A Go shift by 64 or more never comes here: the compiler
// answers it beforehand.

RUNTIME u64 SHIFT_LEFT(u64 value, int n) {
	pair from = {value}, to;
	if (n >= 32) {
		to.half.high = from.half.low << (n - 32);
		to.half.low = 0;
	} else {
		to.half.high = from.half.high << n | from.half.low >> 1 >> (31 - n);
		to.half.low = from.half.low << n;
	}
	return to.whole;
}

RUNTIME u64 SHIFT_RIGHT(u64 value, int n) {
	pair from = {value}, to;
	if (n >= 32) {
		to.half.low = from.half.high >> (n - 32);
		to.half.high = 0;
	} else {
		to.half.low = from.half.low >> n | from.half.high << 1 << (31 - n);
		to.half.high = from.half.high >> n;
	}
	return to.whole;
}

RUNTIME i64 SHIFT_RIGHT_SIGNED(i64 value, int n) {
	pair from = {(u64)value}, to;
	int high = (int)from.half.high; // >> of a negative int copies the sign
	if (n >= 32) {
		to.half.low = (u32)(high >> (n - 32));
		to.half.high = (u32)(high >> 31);
	} else {
		to.half.low = from.half.low >> n | from.half.high << 1 << (31 - n);
		to.half.high = (u32)(high >> n);
	}
	return (i64)to.whole;
}

// Schoolbook division, a bit at a time, beginning where the divisor's first bit
// stands below the dividend's: as many rounds as the quotient has bits. Go checks
// for a divisor of 0 before it divides.
RUNTIME static u64 divide(u64 n, u64 d, u64 *remainder) {
	u64 quotient = 0;
	if ((n | d) >> 32 == 0) { // the core can do this
		*remainder = (u32)n % (u32)d;
		return (u32)n / (u32)d;
	}
	if (n >= d) {
		int rounds = __builtin_clzll(d) - __builtin_clzll(n);
		d <<= rounds;
		for (; rounds >= 0; rounds--, d >>= 1) {
			quotient <<= 1;
			if (n >= d) {
				n -= d;
				quotient |= 1;
			}
		}
	}
	*remainder = n;
	return quotient;
}

// Truncated division, as in Go: the remainder has the dividend's sign. Negating
// as unsigned keeps the smallest number, which has no opposite, defined.
RUNTIME static i64 divide_signed(i64 n, i64 d, i64 *remainder) {
	u64 r;
	u64 q = divide(n < 0 ? -(u64)n : (u64)n, d < 0 ? -(u64)d : (u64)d, &r);
	*remainder = (i64)(n < 0 ? -r : r);
	return (i64)((n < 0) != (d < 0) ? -q : q);
}

#ifdef __arm__
// The ABI wants the quotient in r0:r1 and the remainder in r2:r3, which C can't
// say. So the function is given a place on the stack to leave the remainder (its
// fifth word of arguments, hence a pointer at [sp]), and it is loaded from there.
#define QUOTIENT_AND_REMAINDER(function)          \
	__asm__("push {r4, lr}\n\t"                   \
	        "sub  sp, #16\n\t"                    \
	        "add  r4, sp, #8\n\t"                 \
	        "str  r4, [sp]\n\t"                   \
	        "bl   %c0\n\t"                        \
	        "ldrd r2, r3, [sp, #8]\n\t"           \
	        "add  sp, #16\n\t"                    \
	        "pop  {r4, pc}" : : "i"(function))

__attribute__((used, naked)) void __aeabi_uldivmod(void) { QUOTIENT_AND_REMAINDER(divide); }
__attribute__((used, naked)) void __aeabi_ldivmod(void) { QUOTIENT_AND_REMAINDER(divide_signed); }

#else
RUNTIME u64 __udivdi3(u64 n, u64 d) { u64 r; return divide(n, d, &r); }
RUNTIME u64 __umoddi3(u64 n, u64 d) { u64 r; divide(n, d, &r); return r; }
RUNTIME i64 __divdi3(i64 n, i64 d) { i64 r; return divide_signed(n, d, &r); }
RUNTIME i64 __moddi3(i64 n, i64 d) { i64 r; divide_signed(n, d, &r); return r; }
#endif
