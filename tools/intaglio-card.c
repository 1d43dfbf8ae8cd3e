/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * intaglio-card: puts software cards into a running pcscd through vpcd (Debian's vsmartcard-vpcd),
 * each in a reader of its own, and takes them out and in again when its control socket says so. See
 * intaglio-card(8).
 */
#include "base/log.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/intaglio-card-control.h"
#include "tools/intaglio-card-sandbox.h"

enum { VPCD_PORT = 35963, CARDS_MAX = 16 };

struct daemon {
	struct vpcd *cards[CARDS_MAX];
	const char *directories[CARDS_MAX];
	char paths[CARDS_MAX][PATH_MAX];
	size_t count;
	char control_path[PATH_MAX], control_folder[PATH_MAX]; /* of a socket that we made */
	int control, signals, event;
};

static void usage(FILE *out)
{
	fputs("usage: intaglio-card [--port N] [--control SOCKET] [--short] [--wait] CARD ...\n"
	      "\n"
	      "CARD is a card's directory, or the name of an embedded card.\n",
	      out);
}

/* A directory as given, or that of the embedded card of this name. */
static bool find_directory(const char *card, char path[PATH_MAX])
{
	const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int len;

	if (strchr(card, '/'))
		len = snprintf(path, PATH_MAX, "%s", card);
	else if (xdg && xdg[0] == '/')
		len = snprintf(path, PATH_MAX, "%s/intaglio/cards/%s/card", xdg, card);
	else
		len = snprintf(path, PATH_MAX, "%s/.local/share/intaglio/cards/%s/card",
			       home ? home : "", card);
	return len > 0 && len < PATH_MAX;
}

/* The name is the last part of the directory, but for `card` that above it. */
static void find_name(const char *directory, char name[NAME_MAX + 1])
{
	const char *end = directory + strlen(directory), *start;

	while (end > directory && end[-1] == '/')
		end--;
	if (end - directory > 5 && strncmp(end - 5, "/card", 5) == 0)
		end -= 5;
	for (start = end; start > directory && start[-1] != '/'; start--)
		;
	snprintf(name, NAME_MAX + 1, "%.*s", (int)(end - start), start);
}

static bool open_cards(struct daemon *d, char **cards, size_t count,
		       const struct vpcd_options *first)
{
	struct vpcd_options options = *first;

	if (count > CARDS_MAX || first->port + count > UINT16_MAX + 1UL) {
		log_error("there are at most %d cards, each on a port of its own", CARDS_MAX);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		char name[NAME_MAX + 1];

		if (!find_directory(cards[i], d->paths[i]))
			return false;
		find_name(d->paths[i], name);
		options.port = (uint16_t)(first->port + i);
		if (vpcd_open(name, d->paths[i], &options, &d->cards[i]) != RC_OK)
			return false;
		d->directories[i] = d->paths[i];
		d->count++;
	}
	return true;
}

/* A socket of our own, whose folder we keep so that it can be removed at the end. */
static bool make_control(struct daemon *d, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (strlen(path) >= sizeof(d->control_path)) {
		log_error("the path of the control socket, %s, is too long", path);
		return false;
	}
	d->control = control_listen(path);
	if (d->control < 0)
		return false;
	memcpy(d->control_path, path, strlen(path) + 1);
	snprintf(d->control_folder, sizeof(d->control_folder), "%.*s", len ? (int)len : 1,
		 !slash ? "."
		 : len  ? path
			: "/");
	return true;
}

/* Without a folder for it there is no control socket, unless one was asked for. */
static bool open_control(struct daemon *d, const char *asked)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	int len;

	d->control = control_passed();
	if (d->control >= 0)
		return true;
	if (asked)
		return make_control(d, asked);
	if (!runtime || runtime[0] != '/')
		return true;
	len = snprintf(path, sizeof(path), "%s/intaglio", runtime);
	if (len < 0 || (size_t)len >= sizeof(path) || (mkdir(path, 0700) != 0 && errno != EEXIST))
		return true;
	len = snprintf(path, sizeof(path), "%s/intaglio/card.sock", runtime);
	if (len > 0 && (size_t)len < sizeof(path) && !make_control(d, path))
		log_warning("the cards can be moved by no command");
	return true;
}

/* Signals are read like everything else, so that the cards are closed in order. */
static bool open_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	d->signals = signalfd(-1, &set, SFD_CLOEXEC);
	d->event = eventfd(0, EFD_CLOEXEC);
	return d->signals >= 0 && d->event >= 0;
}

static bool all_failed(const struct daemon *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (vpcd_state(d->cards[i]) != VPCD_FAILED)
			return false;
	return true;
}

static int run(struct daemon *d)
{
	struct pollfd waits[] = {
		{.fd = d->signals, .events = POLLIN},
		{.fd = d->event, .events = POLLIN},
		{.fd = d->control, .events = POLLIN},
	};

	for (size_t i = 0; i < d->count; i++)
		if (vpcd_start(d->cards[i], d->event) != RC_OK)
			return 1;
	for (;;) {
		uint64_t ignored;

		if (poll(waits, sizeof(waits) / sizeof(waits[0]), -1) < 0 && errno != EINTR)
			return 1;
		if (waits[0].revents)
			return 0;
		if (waits[1].revents && read(d->event, &ignored, sizeof(ignored)) > 0 &&
		    all_failed(d))
			return 1;
		if (waits[2].revents)
			control_serve(d->control, d->cards, d->count);
	}
}

static int serve(char **cards, size_t count, const struct vpcd_options *options,
		 const char *control)
{
	struct daemon d = {.control = -1, .signals = -1, .event = -1};
	int code = 1;

	if (open_signals(&d) && open_cards(&d, cards, count, options) &&
	    open_control(&d, control) &&
	    sandbox_enter(d.directories, d.count, d.control_path[0] ? d.control_folder : NULL) ==
		    RC_OK)
		code = run(&d);
	for (size_t i = 0; i < d.count; i++)
		vpcd_close(&d.cards[i]);
	if (d.control_path[0])
		unlink(d.control_path);
	if (d.control >= 0)
		close(d.control);
	return code;
}

static bool parse_port(const char *text, uint16_t *ret)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (text[0] < '1' || text[0] > '9' || *end || port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'}, {"control", required_argument, NULL, 'c'},
		{"short", no_argument, NULL, 's'},      {"wait", no_argument, NULL, 'w'},
		{"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0},
	};
	struct vpcd_options options = {.port = VPCD_PORT};
	const char *control = NULL;
	bool usable = true;
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'p':
			usable = usable && parse_port(optarg, &options.port);
			break;
		case 'c':
			control = optarg;
			break;
		case 's':
			options.short_lengths = true;
			break;
		case 'w':
			options.patient = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usable = false;
		}
	}
	if (!usable || optind == argc) {
		usage(stderr);
		return 2;
	}
	sandbox_hide();
	return serve(argv + optind, (size_t)(argc - optind), &options, control);
}
