//go:build gc && !purego

#include "textflag.h"

// func prefetch(entries unsafe.Pointer, n int, second uintptr)
TEXT ·prefetch(SB), NOSPLIT, $0-24
	MOVD entries+0(FP), R0
	MOVD n+8(FP), R1
	MOVD second+16(FP), R2
	B    test

loop:
	MOVD.P 8(R0), R3
	PRFM   (R3), PLDL1KEEP
	ADD    R2, R3
	PRFM   (R3), PLDL1KEEP
	SUB    $1, R1

test:
	CBNZ R1, loop
	RET
