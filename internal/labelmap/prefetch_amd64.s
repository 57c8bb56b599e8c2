//go:build gc && !purego

#include "textflag.h"

// func prefetch(entries unsafe.Pointer, n int, second uintptr)
TEXT ·prefetch(SB), NOSPLIT, $0-24
	MOVQ entries+0(FP), AX
	MOVQ n+8(FP), CX
	MOVQ second+16(FP), BX
	JMP  test

loop:
	MOVQ       (AX), DX
	PREFETCHT0 (DX)
	PREFETCHT0 (DX)(BX*1)
	ADDQ       $8, AX
	DECQ       CX

test:
	TESTQ CX, CX
	JNZ   loop
	RET
