/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installations through a principal card, torn wherever that can be: the host dead, or either card
 * gone, after every APDU, and the power of either card or of both cut at every write of a memory.
 * Whatever happened, what is spent is what was promised, one more try installs everything once, and
 * who was refused or gave up is as before. Works on tests/token/world.h, inside a CUnit test.
 */
#ifndef INTAGLIO_TESTS_TOKEN_TEAR_H
#define INTAGLIO_TESTS_TOKEN_TEAR_H

#include <stdbool.h>

/*
 * Every row: thorough, at every APDU and write, with every kind of cut and the try after it torn, too,
 * and the number of states printed; else one in so many of them.
 */
void tear_all(bool thorough);

#endif
