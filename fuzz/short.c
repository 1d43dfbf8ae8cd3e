/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The short form of a fuzz target, for the test run: as many inputs as its argument says, made from
 * a fixed seed, so that a failure comes again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/target.h"

enum { INPUT = 512, INPUTS = 500 };

int main(int argc, char **argv)
{
	unsigned long inputs = argc > 1 ? strtoul(argv[1], NULL, 10) : INPUTS;
	uint64_t state = 0x9E3779B97F4A7C15;
	uint8_t bytes[INPUT];

	for (unsigned long n = 0; n < inputs; n++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[i] = (uint8_t)(state >> 32);
		}
		if (LLVMFuzzerTestOneInput(bytes, sizeof(bytes)) != 0)
			return 1;
	}
	printf("%d passed, %d failed\n", 1, 0);
	return 0;
}
