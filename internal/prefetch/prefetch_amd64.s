//go:build gc && !purego

#include "textflag.h"

// func each(pointers unsafe.Pointer, n, lines int)
TEXT ·each(SB), NOSPLIT, $0-24
	MOVQ pointers+0(FP), AX
	MOVQ n+8(FP), CX
	MOVQ lines+16(FP), BX
	JMP  test

object:
	MOVQ (AX), DX
	MOVQ BX, DI

line:
	PREFETCHT0 (DX)
	ADDQ       $64, DX
	DECQ       DI
	JNZ        line
	ADDQ       $8, AX
	DECQ       CX

test:
	TESTQ CX, CX
	JNZ   object
	RET
