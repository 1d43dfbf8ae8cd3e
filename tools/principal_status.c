/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio principal status: activations, key sets, load files, what is pending, the audit trail. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tools/principal.h"

enum { APPLICATION = 0xFFF, HASH_TEXT = 65, ID_TEXT = 21, CHECK_TEXT = 7, SCP02 = 2 };

static const char *event_name(CK_ULONG event)
{
	switch (event) {
	case CK_INTAGLIO_EVENT_CHARGED:
		return "charged";
	case CK_INTAGLIO_EVENT_RETRIED:
		return "tried again";
	case CK_INTAGLIO_EVENT_REPORTED:
		return "installed";
	case CK_INTAGLIO_EVENT_DROPPED:
		return "free tries used up";
	case CK_INTAGLIO_EVENT_GIVEN_UP:
		return "given up";
	default:
		return "unknown";
	}
}

/* The host's clock as it claimed, in UTC. */
static void print_time(unsigned long long ms, char ret[32])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == 0 || ms / 1000 > 253402300799ULL || !gmtime_r(&seconds, &tm) ||
	    !strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(ret, 32, "-");
}

static void print_keys(const CK_INTAGLIO_TARGET_KEYS *k)
{
	char check[3][CHECK_TEXT];

	for (int i = 0; i < 3; i++)
		tool_hex(k->checks[i], sizeof(k->checks[i]), check[i]);
	printf("key set %-9lu SCP0%lu", k->ulNumber, k->ulProtocol);
	if (k->ulProtocol == SCP02)
		printf(" i=%02lX", k->ulOption);
	printf(", %lu bytes, %s, check values %s %s %s", k->ulKeyLen,
	       k->ulFlags & CK_INTAGLIO_TARGET_SHARED ? "shared between cards" : "masters",
	       check[0], check[1], check[2]);
	if (k->ulVersion)
		printf(", version %02lX", k->ulVersion);
	if (k->ulBlockSize)
		printf(", blocks of %lu bytes", k->ulBlockSize);
	putchar('\n');
}

static void print_event(const CK_INTAGLIO_PRINCIPAL_EVENT *e)
{
	char target[ID_TEXT], time[32];

	tool_hex(e->target, sizeof(e->target), target);
	print_time(e->ullTime, time);
	printf("entry %-11lu %-18s application %lu on card %s%s, %s, not before 20%06lu\n",
	       e->ulSequence, event_name(e->ulEvent), e->ulApplication, target,
	       e->bProved ? "" : " (not proved)", time, e->ulDate);
}

static void print_status(const CK_INTAGLIO_PRINCIPAL_STATUS *s)
{
	char text[HASH_TEXT];

	for (CK_ULONG i = 0; i < s->ulCounterCount; i++) {
		const CK_INTAGLIO_PRINCIPAL_COUNTER *n = &s->pCounters[i];

		printf("application %-5lu %lu left, %lu used", n->ulNumber, n->ulLeft, n->ulUsed);
		if (n->ulSerial)
			printf(", charge %lu gave %lu", n->ulSerial, n->ulLast);
		putchar('\n');
	}
	for (CK_ULONG i = 0; i < s->ulKeyCount; i++)
		print_keys(&s->pKeys[i]);
	for (CK_ULONG i = 0; i < s->ulFileCount; i++) {
		tool_hex(s->pFiles[i].hash, sizeof(s->pFiles[i].hash), text);
		printf("load file         of application %lu, %lu bytes, SHA-256 %s\n",
		       s->pFiles[i].ulNumber & APPLICATION, s->pFiles[i].ulSize, text);
	}
	if (s->ulPending) {
		tool_hex(s->target, sizeof(s->target), text);
		printf("pending           application %lu on card %s, tried again %lu time%s\n",
		       s->ulPending, text, s->ulRetries, s->ulRetries == 1 ? "" : "s");
	}
	for (CK_ULONG i = 0; i < s->ulEventCount; i++)
		print_event(&s->pEvents[i]);
}

static json_t *json_keys(const CK_INTAGLIO_TARGET_KEYS *k)
{
	json_t *checks = json_array();
	char text[CHECK_TEXT];

	for (int i = 0; i < 3; i++) {
		tool_hex(k->checks[i], sizeof(k->checks[i]), text);
		json_array_append_new(checks, json_string(text));
	}
	return json_pack("{s:I,s:I,s:I,s:I,s:b,s:I,s:I,s:o}", "number", (json_int_t)k->ulNumber,
			 "protocol", (json_int_t)k->ulProtocol, "i", (json_int_t)k->ulOption,
			 "version", (json_int_t)k->ulVersion, "shared",
			 (int)(k->ulFlags & CK_INTAGLIO_TARGET_SHARED), "blockSize",
			 (json_int_t)k->ulBlockSize, "bytes", (json_int_t)k->ulKeyLen, "checks",
			 checks);
}

static json_t *json_event(const CK_INTAGLIO_PRINCIPAL_EVENT *e)
{
	char target[ID_TEXT], digest[HASH_TEXT];

	tool_hex(e->target, sizeof(e->target), target);
	tool_hex(e->digest, sizeof(e->digest), digest);
	return json_pack("{s:I,s:s,s:I,s:s,s:s,s:b,s:I,s:I}", "sequence", (json_int_t)e->ulSequence,
			 "event", event_name(e->ulEvent), "application",
			 (json_int_t)e->ulApplication, "target", target, "digest", digest, "proved",
			 (int)e->bProved, "date", (json_int_t)e->ulDate, "time",
			 (json_int_t)e->ullTime);
}

static json_t *json_pending(const CK_INTAGLIO_PRINCIPAL_STATUS *s)
{
	char target[ID_TEXT];

	if (!s->ulPending)
		return json_null();
	tool_hex(s->target, sizeof(s->target), target);
	return json_pack("{s:I,s:s,s:I}", "application", (json_int_t)s->ulPending, "target", target,
			 "retries", (json_int_t)s->ulRetries);
}

static json_t *json_status(const CK_INTAGLIO_PRINCIPAL_STATUS *s)
{
	json_t *counters = json_array(), *keys = json_array(), *files = json_array();
	json_t *events = json_array();
	char text[HASH_TEXT];

	for (CK_ULONG i = 0; i < s->ulCounterCount; i++) {
		const CK_INTAGLIO_PRINCIPAL_COUNTER *n = &s->pCounters[i];

		json_array_append_new(counters, json_pack("{s:I,s:I,s:I,s:I,s:I}", "number",
							  (json_int_t)n->ulNumber, "left",
							  (json_int_t)n->ulLeft, "used",
							  (json_int_t)n->ulUsed, "serial",
							  (json_int_t)n->ulSerial, "last",
							  (json_int_t)n->ulLast));
	}
	for (CK_ULONG i = 0; i < s->ulKeyCount; i++)
		json_array_append_new(keys, json_keys(&s->pKeys[i]));
	for (CK_ULONG i = 0; i < s->ulFileCount; i++) {
		tool_hex(s->pFiles[i].hash, sizeof(s->pFiles[i].hash), text);
		json_array_append_new(
			files, json_pack("{s:I,s:I,s:s}", "application",
					 (json_int_t)(s->pFiles[i].ulNumber & APPLICATION), "size",
					 (json_int_t)s->pFiles[i].ulSize, "sha256", text));
	}
	for (CK_ULONG i = 0; i < s->ulEventCount; i++)
		json_array_append_new(events, json_event(&s->pEvents[i]));
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "applications", counters, "keys", keys, "files",
			 files, "pending", json_pending(s), "trail", events);
}

enum exit_code principal_status(struct tool *tool, int argc, char **argv)
{
	struct principal_options o = {.tool = tool};
	CK_INTAGLIO_PRINCIPAL_STATUS s;
	enum exit_code code;
	CK_RV rv;

	if (!principal_read_options(&o, argc, argv, &argc, &argv) || argc != 0)
		return EXIT_USAGE;
	code = principal_open(&o);
	if (code == EXIT_DONE) {
		rv = principal_read_status(tool, o.from, &s);
		if (rv != CKR_OK)
			code = tool_failed(tool, "asking the principal card", rv);
		else if (tool->json)
			tool_print_json(json_status(&s));
		else
			print_status(&s);
		if (rv == CKR_OK)
			principal_free_status(&s);
	}
	tool_close(tool);
	return code;
}
