//go:build tinygo && tinygo.riscv32

extern void driftless_trapped(void); // the runtime's

// Where a RISC-V goes on at an exception. The program ends there, so the stack is not
// needed any more and begins anew: were it used as it is, an exception because it has
// overflowed would raise the next one, and so on. The address must be a multiple of 4.
__attribute__((naked, used, aligned(4))) void driftless_trap(void) {
	__asm__("la   sp, _stack_top\n\t"
	        "tail %c0" : : "i"(driftless_trapped));
}
