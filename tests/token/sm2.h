/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests of SM2 that run in test_sm with the card of the others; the user is logged in. */
#ifndef INTAGLIO_TESTS_TOKEN_SM2_H
#define INTAGLIO_TESTS_TOKEN_SM2_H

void sm2_verifies_the_standard_s_signature_and_nothing_near_it(void);
void sm2_deciphers_the_standard_s_example_and_nothing_near_it(void);
void sm2_keys_of_the_card_sign_in_any_parts_and_openssl_verifies(void);
void sm2_verifies_and_deciphers_what_openssl_has_made(void);
void sm2_ciphertexts_have_a_longest_plaintext_and_openssl_opens_them(void);
void sm2_keys_have_their_curve_and_their_point(void);
void sm2_pairs_take_no_other_curve_and_no_parameter(void);
void sm2_wraps_keys_of_the_session_and_the_card_unwraps(void);
void sm2_keys_keep_to_their_uses_and_mechanisms(void);

#endif
