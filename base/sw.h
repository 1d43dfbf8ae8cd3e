/* SPDX-License-Identifier: BSD-2-Clause */
/* Status words, ISO/IEC 7816-4 table 5 and 6, GPCS 11.1.3. */
#ifndef INTAGLIO_BASE_SW_H
#define INTAGLIO_BASE_SW_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SW_OK = 0x9000,
	SW_MORE_DATA = 0x6310, /* more data available */
	SW_AUTHENTICATION_FAILED = 0x6300,
	SW_TRIES_LEFT = 0x63C0, /* low nibble: tries left */
	SW_MEMORY_FAILURE = 0x6581,
	SW_WRONG_LENGTH = 0x6700,
	SW_CHANNEL_NOT_SUPPORTED = 0x6881,
	SW_SM_NOT_SUPPORTED = 0x6882,
	SW_LAST_COMMAND_EXPECTED = 0x6883,
	SW_CHAINING_NOT_SUPPORTED = 0x6884,
	SW_SECURITY_STATUS = 0x6982, /* security status not satisfied */
	SW_BLOCKED = 0x6983, /* authentication method blocked */
	SW_REFERENCE_DATA_UNUSABLE = 0x6984, /* PIN not initialised */
	SW_CONDITIONS = 0x6985, /* conditions of use not satisfied */
	SW_SM_MISSING = 0x6987, /* expected secure messaging data objects missing */
	SW_SM_INCORRECT = 0x6988, /* incorrect secure messaging data objects */
	SW_WRONG_DATA = 0x6A80,
	SW_FUNCTION_NOT_SUPPORTED = 0x6A81,
	SW_FILE_NOT_FOUND = 0x6A82,
	SW_RECORD_NOT_FOUND = 0x6A83,
	SW_NOT_ENOUGH_MEMORY = 0x6A84,
	SW_INCORRECT_P1P2 = 0x6A86,
	SW_REFERENCE_NOT_FOUND = 0x6A88,
	SW_EXISTS = 0x6A89,
	SW_INS_NOT_SUPPORTED = 0x6D00,
	SW_CLA_NOT_SUPPORTED = 0x6E00,
	SW_NO_DIAGNOSIS = 0x6F00,
};

/* True for 9000 and the warnings 62xx, 63xx. */
static inline bool sw_is_normal(uint16_t sw)
{
	return sw == SW_OK || sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

#endif
