/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The card's tables, card/scp10.c and card/suite.c, as printed by
 * tests/card/model_rows.c. In d_step the first row that fits is taken, as there.
 */

#define FLAG_ENVIRONMENT 1
#define FLAG_HOST 2
#define FLAG_KEYS 4
#define FLAG_CHALLENGE 8
#define FLAG_EXTERNAL 16
#define FLAG_SESSION 32

#define IS_AGREEMENT(s) ((s) == 1)
#define IS_MUTUAL_ONLY(s) ((s) == 1 || (s) == 66)
#define IS_CERTIFICATE_ONLY(s) ((s) == 66)
#define TAKES_VALUES_ONLY(s) ((s) == 1 || (s) == 2)

inline find_row(ins, a, b)
{
	if
	/* first, 105-112: MANAGE SECURITY ENVIRONMENT */
	:: ins == 34 ->
		needs = 0; bars = 0; keeps = 0; sets = FLAG_ENVIRONMENT; step = 102
	/* second, 113-115: PSO verify certificate, self-descriptive */
	:: ins == 42 && a == 0 && b == 190 ->
		needs = FLAG_ENVIRONMENT; bars = FLAG_HOST; keeps = FLAG_ENVIRONMENT; sets = 0; step = 102
	/* second, 113-115: PSO verify certificate, not self-descriptive */
	:: ins == 42 && a == 0 && b == 174 ->
		needs = FLAG_ENVIRONMENT; bars = FLAG_HOST; keeps = FLAG_ENVIRONMENT; sets = 0; step = 102
	/* third, 116-117: GET DATA certificate */
	:: ins == 202 ->
		needs = 0; bars = 0; keeps = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS; sets = 0; step = 103
	/* third, 116-117: GET DATA certificate, odd instruction */
	:: ins == 203 ->
		needs = 0; bars = 0; keeps = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS; sets = 0; step = 103
	/* fourth, 118-127: PSO decipher */
	:: ins == 42 && a == 128 && b == 132 && (suite == 0 || !IS_AGREEMENT(suite)) ->
		needs = FLAG_ENVIRONMENT | FLAG_HOST; bars = 0; keeps = FLAG_ENVIRONMENT | FLAG_HOST; sets = FLAG_KEYS; step = 102
	/* fourth, replaced by an error */
	:: ins == 42 && a == 128 && b == 132 && (suite == 0 || IS_AGREEMENT(suite)) ->
		needs = 0; bars = 0; keeps = 0; sets = 0; step = 102
	/* fifth, 128-130: GET CHALLENGE */
	:: ins == 132 && a == 0 && b == 0 && (suite == 0 || !IS_AGREEMENT(suite)) ->
		needs = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS; bars = 0; keeps = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS; sets = FLAG_CHALLENGE; step = 102
	/* fifth, 128'-130: GET CHALLENGE */
	:: ins == 132 && a == 0 && b == 0 && (suite == 0 || IS_AGREEMENT(suite)) ->
		needs = FLAG_ENVIRONMENT | FLAG_HOST; bars = 0; keeps = FLAG_ENVIRONMENT | FLAG_HOST; sets = FLAG_CHALLENGE; step = 102
	/* sixth, 131-139: EXTERNAL AUTHENTICATE */
	:: ins == 130 && a == 0 && b == 0 && (suite == 0 || !IS_AGREEMENT(suite)) ->
		needs = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_KEYS | FLAG_CHALLENGE; bars = 0; keeps = 0; sets = 0; step = 102
	/* sixth, 131'-134': EXTERNAL AUTHENTICATE */
	:: ins == 130 && a == 0 && b == 0 && (suite == 0 || IS_AGREEMENT(suite)) ->
		needs = FLAG_ENVIRONMENT | FLAG_HOST | FLAG_CHALLENGE; bars = 0; keeps = 0; sets = 0; step = 102
	/* seventh, 140-145 and 140'-145: INTERNAL AUTHENTICATE */
	:: ins == 136 && a == 0 && b == 0 ->
		needs = FLAG_EXTERNAL; bars = 0; keeps = 0; sets = FLAG_SESSION; step = 102
	:: else -> step = 0
	fi
}
