/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main of every CUnit test program. A program describes its suites in a table of CU_SuiteInfo
 * (designated initialisers, last row CU_SUITE_INFO_NULL) and returns what suite_run returns.
 * Single-threaded: CUnit keeps its registry in process globals.
 */
#ifndef INTAGLIO_TESTS_SUITE_H
#define INTAGLIO_TESTS_SUITE_H

#include <CUnit/CUnit.h>

/*
 * Run every test of SUITES and print each failed assertion with its file, line, suite and test. The
 * last line printed is "N passed, N failed", which counts tests and not assertions. The tests of a
 * suite whose init function fails count as failed, and so does a failed cleanup function, a table
 * that CUnit refuses, and a program without a test. Returns the exit code for main: 0 if nothing
 * failed, else 1.
 */
int suite_run(const char *name, CU_SuiteInfo *suites);

#endif
