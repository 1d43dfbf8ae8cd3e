/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the subcommands of intaglio share: the options, the loaded module with one session on the
 * chosen card, and how things are said. Everything about a card goes through the module's C_*
 * functions. One thread.
 */
#ifndef INTAGLIO_TOOLS_TOOL_H
#define INTAGLIO_TOOLS_TOOL_H

#include <stdbool.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/cryptoki.h"

/* Exit codes, documented in intaglio(1). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* what was to be verified does not verify */
	EXIT_USAGE = 2,
	EXIT_CARD = 3, /* the card or the module refused or failed */
	EXIT_FILE = 4, /* a file could not be read or written */
	EXIT_UNVOUCHED = 5, /* all is in order, but nobody vouches for the key it is signed by */
};

struct tool {
	/* Options as given; NULL or 0 if not. */
	const char *module_path, *card, *pin_file, *ledger, *output, *key, *auditor, *escrow_key;
	/* Rules of a ledger that is made, as text. */
	const char *capacity, *record_size, *append_roles, *read_roles, *prune_roles;
	unsigned long type;
	bool json;
	/* Filled by tool_load and tool_session. */
	void *library;
	CK_FUNCTION_LIST *p11;
	const CK_INTAGLIO_FUNCTION_LIST *vendor;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
};

/* A subcommand: two words and what follows them. Returns an exit code. */
typedef enum exit_code (*subcommand)(struct tool *tool, int argc, char **argv);

/* Loads and initialises the module. Says a sentence and returns EXIT_CARD if it cannot. */
enum exit_code tool_load(struct tool *tool);
/* The slots there are, or only those with a token; *ret is freed by the caller. */
enum exit_code tool_slots(struct tool *tool, CK_BBOOL present, CK_SLOT_ID **ret,
			  CK_ULONG *ret_count);
/*
 * Loads the module and finds the slot of the chosen card, which need not be a token: the first with a
 * token unless --card names one.
 */
enum exit_code tool_choose(struct tool *tool);
/* Opens a read/write session on the chosen card (the first with a token unless --card names one). */
enum exit_code tool_session(struct tool *tool);
/* tool_session, then logs the user in: PIN from --pin-file, $INTAGLIO_PIN or the terminal. */
enum exit_code tool_login(struct tool *tool);
/* Says a sentence and returns EXIT_CARD unless the loaded module is one of ours, of version 1.1 on. */
enum exit_code tool_needs_vendor(struct tool *tool);
/* Closes and unloads whatever is open. */
void tool_close(struct tool *tool);

/* Says that `what` failed, with the module's own sentence if it has one; returns EXIT_CARD. */
enum exit_code tool_failed(struct tool *tool, const char *what, CK_RV rv);
/* A PKCS#11 padded text field as a C string of at most size - 1 characters, trailing blanks gone. */
void tool_text(const unsigned char *field, size_t len, char *ret, size_t size);
/* Whether a string is UTF-8 without control characters. */
bool tool_is_text(const char *s);
/* Makes what a card calls text safe to print, as text_line of text.h does; s has room for size. */
void tool_printable(char *s, size_t size);
/*
 * A JSON string of any bytes up to a zero: what is no UTF-8 in them becomes U+FFFD (text.h). Whatever is
 * the name of a file, or comes out of one, goes into JSON by this.
 */
json_t *tool_json_text(const char *s);
/* Prints a JSON document on one line and frees it; NULL, for want of memory, is said. */
void tool_print_json(json_t *document);
/* "1a2b.." of len bytes; ret has room for 2 * len + 1. */
void tool_hex(const unsigned char *bytes, size_t len, char *ret);

/* Reads a whole file of at most max bytes; says a sentence and returns false if it cannot. */
bool file_read(const char *path, size_t max, struct buf *ret);
/* A file to be: its place is made sure of before what cannot be undone, its bytes come after. */
struct output {
	char path[4096], temporary[4096];
	int fd; /* of the temporary file beside it, -1 if there is none */
};
/* Makes the temporary file. False, and a sentence, if it cannot, or path exists and is not replaced. */
bool output_open(struct output *o, const char *path, bool replace);
/* Writes, syncs, gives the file its name; false, and a sentence, if it cannot. Ends the output. */
bool output_finish(struct output *o, struct view bytes);
/* Removes the temporary file, if there is one. */
void output_drop(struct output *o);
/* Writes a file whole or not at all (temporary name, fsync, rename). Says a sentence on failure. */
bool file_write(const char *path, struct view bytes);

/* One line from the terminal, unseen; false if there is no terminal. */
bool tool_ask(const char *prompt, char *ret, int size);

enum exit_code app_list(struct tool *tool, int argc, char **argv);
enum exit_code app_install(struct tool *tool, int argc, char **argv);
enum exit_code app_delete(struct tool *tool, int argc, char **argv);
enum exit_code app_move(struct tool *tool, int argc, char **argv);
enum exit_code app_lock(struct tool *tool, int argc, char **argv);
enum exit_code app_unlock(struct tool *tool, int argc, char **argv);
enum exit_code app_info(struct tool *tool, int argc, char **argv);
enum exit_code authority_create_command(struct tool *tool, int argc, char **argv);
enum exit_code authority_issue_command(struct tool *tool, int argc, char **argv);
enum exit_code authority_renew_command(struct tool *tool, int argc, char **argv);
enum exit_code authority_revoke_command(struct tool *tool, int argc, char **argv);
enum exit_code authority_link_command(struct tool *tool, int argc, char **argv);
enum exit_code authority_show_command(struct tool *tool, int argc, char **argv);
enum exit_code card_list(struct tool *tool, int argc, char **argv);
enum exit_code card_insert(struct tool *tool, int argc, char **argv);
enum exit_code card_remove(struct tool *tool, int argc, char **argv);
enum exit_code card_reset(struct tool *tool, int argc, char **argv);
enum exit_code card_initialise(struct tool *tool, int argc, char **argv);
enum exit_code card_secure(struct tool *tool, int argc, char **argv);
enum exit_code card_lock(struct tool *tool, int argc, char **argv);
enum exit_code card_unlock(struct tool *tool, int argc, char **argv);
enum exit_code card_terminate(struct tool *tool, int argc, char **argv);
enum exit_code card_keys(struct tool *tool, int argc, char **argv);
enum exit_code card_personalise(struct tool *tool, int argc, char **argv);
enum exit_code card_update_trust(struct tool *tool, int argc, char **argv);
enum exit_code ledger_create(struct tool *tool, int argc, char **argv);
enum exit_code ledger_list(struct tool *tool, int argc, char **argv);
enum exit_code ledger_seal(struct tool *tool, int argc, char **argv);
enum exit_code ledger_read(struct tool *tool, int argc, char **argv);
enum exit_code ledger_export(struct tool *tool, int argc, char **argv);
enum exit_code audit_verify_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_compare_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_load_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_decrypt_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_key_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_certify_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_cosign_command(struct tool *tool, int argc, char **argv);
enum exit_code audit_join_command(struct tool *tool, int argc, char **argv);
enum exit_code ledger_show(struct tool *tool, int argc, char **argv);
enum exit_code ledger_cosign(struct tool *tool, int argc, char **argv);
enum exit_code ledger_prune(struct tool *tool, int argc, char **argv);
enum exit_code ledger_proof(struct tool *tool, int argc, char **argv);
enum exit_code ledger_consistency(struct tool *tool, int argc, char **argv);
enum exit_code ledger_verify(struct tool *tool, int argc, char **argv);
enum exit_code principal_create(struct tool *tool, int argc, char **argv);
enum exit_code principal_keys(struct tool *tool, int argc, char **argv);
enum exit_code principal_load(struct tool *tool, int argc, char **argv);
enum exit_code principal_unload(struct tool *tool, int argc, char **argv);
enum exit_code principal_charge(struct tool *tool, int argc, char **argv);
enum exit_code principal_status(struct tool *tool, int argc, char **argv);
enum exit_code principal_trim(struct tool *tool, int argc, char **argv);
enum exit_code principal_give_up(struct tool *tool, int argc, char **argv);

#endif
