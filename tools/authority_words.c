/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates in words and as JSON. */
#include "tools/authority.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[] = {"user", "issuer", "updater", "auditor"};
static const char *const scheme_names[] = {
	[RSA_PSS_SHA256] = "RSASSA-PSS with SHA-256",
	[RSA_PKCS1_SHA256] = "RSASSA-PKCS1-v1_5 with SHA-256",
	[RSA_PKCS1_SHA1] = "RSASSA-PKCS1-v1_5 with SHA-1",
};

const char *authority_kind_text(const struct cvc *c)
{
	if (c->type == CVC_CVCA)
		return view_equal(c->car, c->chr) ? "authority" : "link to authority";
	if (c->type == CVC_DV)
		return "issuer";
	return c->roles ? "host" : "card";
}

const char *authority_reference_text(struct view reference, char ret[REFERENCE_TEXT])
{
	struct buf b;
	uint8_t c;

	buf_fixed(&b, ret, REFERENCE_TEXT - 1);
	while (view_u8(&reference, &c) == RC_OK) {
		if (c < 0x80) {
			buf_u8(&b, c);
		} else {
			buf_u8(&b, (uint8_t)(0xC0 | c >> 6));
			buf_u8(&b, 0x80 | (c & 0x3F));
		}
	}
	ret[b.len] = '\0';
	return ret;
}

const char *authority_roles_text(unsigned int roles, char ret[ROLES_TEXT])
{
	struct buf b;

	buf_fixed(&b, ret, ROLES_TEXT - 1);
	for (size_t i = 0; i < 4; i++)
		if (roles & 1U << i)
			buf_printf(&b, "%s%s", b.len ? ", " : "", role_names[i]);
	if (!b.len)
		buf_str(&b, "none");
	ret[b.len] = '\0';
	return ret;
}

bool authority_roles_parse(const char *text, unsigned int *ret)
{
	unsigned int roles = 0;

	for (;;) {
		size_t len = strcspn(text, ","), i = 0;

		while (i < 4 &&
		       (strlen(role_names[i]) != len || strncmp(role_names[i], text, len) != 0))
			i++;
		if (i == 4)
			return false;
		roles |= 1U << i;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret = roles;
	return true;
}

json_t *authority_json(const struct cvc *c)
{
	char holder[REFERENCE_TEXT], signer[REFERENCE_TEXT], id[REFERENCE_TEXT] = "", suite[3] = "";
	char from[CVC_DATE_TEXT], to[CVC_DATE_TEXT];
	json_t *roles = json_array();
	uint8_t bytes[CVC_ID];

	for (size_t i = 0; i < 4; i++)
		if (c->roles & 1U << i)
			json_array_append_new(roles, json_string(role_names[i]));
	if (cvc_id(c, bytes) == RC_OK)
		authority_reference_text(view_of(bytes, sizeof(bytes)), id);
	if (c->suite)
		snprintf(suite, sizeof(suite), "%02x", c->suite);
	return json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:i,s:s,s:s,s:s}", "kind",
			 authority_kind_text(c), "holder", authority_reference_text(c->chr, holder),
			 "id", id, "authority", authority_reference_text(c->car, signer), "roles",
			 roles, "suite", suite, "bits", (int)(8 * c->modulus.len), "algorithm",
			 scheme_names[c->scheme], "from", cvc_date_text(c->effective, from), "to",
			 cvc_date_text(c->expiration, to));
}

void authority_print(const struct cvc *c)
{
	char holder[REFERENCE_TEXT], roles[ROLES_TEXT];
	char from[CVC_DATE_TEXT], to[CVC_DATE_TEXT];

	printf("%s %s, ", authority_kind_text(c), authority_reference_text(c->chr, holder));
	if (c->suite)
		printf("suite %02x, ", c->suite);
	if (c->roles)
		printf("%s %s, ", c->type == CVC_TERMINAL ? "roles" : "may give the roles",
		       authority_roles_text(c->roles, roles));
	printf("from %s to %s; RSA %zu, %s\n", cvc_date_text(c->effective, from),
	       cvc_date_text(c->expiration, to), 8 * c->modulus.len, scheme_names[c->scheme]);
}
