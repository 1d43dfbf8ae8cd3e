/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gp_keys DIRECTORY: puts the key set of tests/gp_peer.py on the issuer security domain of a card that
 * no process has open, as the issuer who personalised the card would have by PUT KEY.
 */
#include <stdio.h>

#include "card/command.h"
#include "card/keyset.h"
#include "card/registry.h"

int main(int argc, char **argv)
{
	struct keyset set = {.domain = REGISTRY_ISD,
			     .version = 0x30,
			     .type = KEY_TYPE_AES,
			     .i = 0x60,
			     .len = 16};
	struct nvm_options options = {.segment_size = 0};
	struct nvm *nvm = NULL;
	enum rc rc = argc == 2 ? nvm_open(argv[1], &options, &nvm) : RC_ARGUMENT;

	for (size_t k = 0; k < KEYSET_KEYS; k++)
		for (size_t i = 0; i < set.len; i++)
			set.key[k][i] = (uint8_t)((k + 1) << 4 | i);
	if (rc == RC_OK)
		rc = nvm_begin(nvm);
	if (rc == RC_OK)
		rc = command_commit(nvm, keyset_put(nvm, &set));
	nvm_close(&nvm);
	if (rc != RC_OK)
		fprintf(stderr, "gp_keys: %s\n", rc_name(rc));
	return rc == RC_OK ? 0 : 1;
}
