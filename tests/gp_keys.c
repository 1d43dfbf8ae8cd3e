/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gp_keys DIRECTORY: puts the key sets of tests/gp_peer.py on the issuer security domain of a card that
 * no process has open, as the issuer who personalised the card would have by PUT KEY.
 */
#include <stdio.h>

#include "card/command.h"
#include "card/keyset.h"
#include "card/registry.h"

enum { KEY = 16 };

static enum rc put(struct nvm *nvm, uint8_t version, uint8_t type, uint8_t i)
{
	struct keyset set = {
		.domain = REGISTRY_ISD, .version = version, .type = type, .i = i, .len = KEY};
	enum rc rc = nvm_begin(nvm);

	for (size_t k = 0; k < KEYSET_KEYS; k++)
		for (size_t n = 0; n < set.len; n++)
			set.key[k][n] = (uint8_t)((k + 1) << 4 | n);
	return rc == RC_OK ? command_commit(nvm, keyset_put(nvm, &set)) : rc;
}

int main(int argc, char **argv)
{
	struct nvm_options options = {.segment_size = 0};
	struct nvm *nvm = NULL;
	enum rc rc = argc == 2 ? nvm_open(argv[1], &options, &nvm) : RC_ARGUMENT;

	if (rc == RC_OK)
		rc = put(nvm, 0x30, KEY_TYPE_AES, 0x60);
	if (rc == RC_OK)
		rc = put(nvm, 0x20, KEY_TYPE_DES, 0x15);
	if (rc == RC_OK)
		rc = put(nvm, 0x21, KEY_TYPE_DES, 0x55);
	nvm_close(&nvm);
	if (rc != RC_OK)
		fprintf(stderr, "gp_keys: %s\n", rc_name(rc));
	return rc == RC_OK ? 0 : 1;
}
