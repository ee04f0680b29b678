#pragma once
// Functions compiled twice, for any processor and for those with wider registers, one of which is chosen when the
// program starts. For the few loops where it pays, because the binary travels.
//
// WAKEFUL_WIDE adds AVX2 without fused multiply-adds: the same bits on every machine. WAKEFUL_WIDE_FUSED adds both:
// twice as fast, and the last bits depend on the machine.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define WAKEFUL_WIDE __attribute__((target_clones("avx2", "default")))
#define WAKEFUL_WIDE_FUSED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define WAKEFUL_WIDE
#define WAKEFUL_WIDE_FUSED
#endif
