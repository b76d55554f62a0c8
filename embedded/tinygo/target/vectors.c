//go:build tinygo && cortexm

// The vector table: where a Cortex-M finds its first stack pointer, its first
// instruction and its handlers. A Go program takes an interrupt over by
// exporting a function of the handler's name: //export IRQ42_Handler.

typedef void (*handler)(void);

extern void _stack_top(void); // an address, given by the linker script
extern void Reset_Handler(void); // TinyGo's runtime

// An exception nobody handles must not look like a program that is still busy:
// ask the emulator, by semihosting, to stop with exit code 1. On a board without
// a debugger the breakpoint escalates to a lockup, which resets or halts it.
__attribute__((used)) static void unhandled(void) {
	register unsigned operation __asm__("r0") = 0x18; // SYS_EXIT
	register unsigned reason __asm__("r1") = 0x20024; // ADP_Stopped_InternalError
	for (;;)
		__asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(reason) : "memory");
}

#define WEAK(name) __attribute__((weak, alias("unhandled"))) void name(void);

WEAK(NMI_Handler)
WEAK(Fault_Handler) // not TinyGo's HardFault_Handler, whose report takes 1 KB; build with -panic=print for words
WEAK(MemoryManagement_Handler)
WEAK(BusFault_Handler)
WEAK(UsageFault_Handler)
WEAK(SVC_Handler)
WEAK(DebugMon_Handler)
WEAK(PendSV_Handler)
WEAK(SysTick_Handler)

// The LM3S6965's 44 device interrupts.
#define TEN(X, tens) \
	X(tens##0) X(tens##1) X(tens##2) X(tens##3) X(tens##4) \
	X(tens##5) X(tens##6) X(tens##7) X(tens##8) X(tens##9)
#define INTERRUPTS(X) \
	TEN(X, ) TEN(X, 1) TEN(X, 2) TEN(X, 3) \
	X(40) X(41) X(42) X(43)
#define DECLARE(n) WEAK(IRQ##n##_Handler)
#define ENTRY(n) IRQ##n##_Handler,

INTERRUPTS(DECLARE)

__attribute__((used, section(".isr_vector"))) static const handler vectors[] = {
	_stack_top,
	Reset_Handler,
	NMI_Handler,
	Fault_Handler,
	MemoryManagement_Handler,
	BusFault_Handler,
	UsageFault_Handler,
	0, 0, 0, 0,
	SVC_Handler,
	DebugMon_Handler,
	0,
	PendSV_Handler,
	SysTick_Handler,
	INTERRUPTS(ENTRY)
};
