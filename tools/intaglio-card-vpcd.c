/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vpcd's protocol: each message is a length of two bytes, big-endian, and that many bytes; one byte
 * is a control code, more are a command APDU. The mutex guards what is wanted and the descriptor,
 * which only the thread closes; others shut it down, which ends the thread's read.
 */
#include "tools/intaglio-card-vpcd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/apdu.h"
#include "base/log.h"
#include "card/card.h"

enum { VPCD_ATR = 4, ATR_SIZE = 33, MESSAGE_MAX = UINT16_MAX, RETRY_MS = 200 };

struct vpcd {
	char *name, *dir;
	uint16_t port;
	struct card *card;
	uint8_t atr_array[ATR_SIZE];
	struct buf atr, answer;
	uint8_t message[MESSAGE_MAX], sent[2 + MESSAGE_MAX];

	pthread_t thread;
	bool has_thread;
	int event;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int fd; /* -1: not connected */
	bool wanted, stopped, failed;
	bool counts, unanswered; /* eject_after */
	unsigned long left;
};

static int connect_vpcd(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* At the start: whoever starts us before pcscd is to know. */
static enum rc connect_first(struct vpcd *v, bool patient)
{
	v->fd = connect_vpcd(v->port);
	if (v->fd >= 0)
		return RC_OK;
	if (patient) {
		log_warning("vpcd does not answer on 127.0.0.1 port %u (%s); card %s waits for it",
			    v->port, strerror(errno), v->name);
		return RC_OK;
	}
	log_error("vpcd does not answer on 127.0.0.1 port %u (%s): is pcscd running, with "
		  "vsmartcard-vpcd installed and a reader for each card? See intaglio-card(8)",
		  v->port, strerror(errno));
	return RC_IO;
}

enum rc vpcd_open(const char *name, const char *dir, const struct vpcd_options *options,
		  struct vpcd **ret)
{
	const struct card_options as_card = {.short_lengths = options->short_lengths};
	struct vpcd *v = calloc(1, sizeof(*v));
	pthread_condattr_t attributes;
	enum rc rc = RC_MEMORY;

	if (!v)
		return RC_MEMORY;
	v->fd = -1;
	v->port = options->port;
	v->wanted = true;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&v->mutex, NULL);
	pthread_cond_init(&v->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	buf_fixed(&v->atr, v->atr_array, sizeof(v->atr_array));
	buf_init(&v->answer, APDU_RESPONSE_MAX);
	v->name = strdup(name);
	v->dir = strdup(dir);
	if (!v->name || !v->dir)
		goto out;
	rc = card_open(dir, &as_card, &v->card);
	if (rc != RC_OK)
		goto out;
	rc = connect_first(v, options->patient);
	if (rc != RC_OK)
		goto out;
	*ret = v;
	v = NULL;
	rc = RC_OK;
out:
	vpcd_close(&v);
	return rc;
}

/* vpcd writes length and payload separately; without QUICKACK each APDU waits for a delayed ACK. */
static bool read_all(int fd, uint8_t *bytes, size_t len)
{
	while (len) {
		int one = 1;
		ssize_t n;

		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
		n = read(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, struct view bytes)
{
	while (bytes.len) {
		ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes.data += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

static bool send_message(struct vpcd *v, struct view payload)
{
	struct buf message;

	buf_fixed(&message, v->sent, sizeof(v->sent));
	buf_u16(&message, (uint16_t)payload.len);
	buf_view(&message, payload);
	return payload.len <= MESSAGE_MAX && buf_rc(&message) == RC_OK &&
	       write_all(v->fd, view_buf(&message));
}

/* With the mutex. */
static void take_out(struct vpcd *v)
{
	v->wanted = false;
	v->counts = false;
	if (v->fd >= 0)
		shutdown(v->fd, SHUT_RDWR);
	pthread_cond_broadcast(&v->changed);
}

/* True if the count says that the card is pulled at this command, before it or after it. */
static bool is_pulled(struct vpcd *v, bool answered)
{
	bool pulled = false;

	pthread_mutex_lock(&v->mutex);
	if (v->counts && v->unanswered == answered) {
		pulled = v->left == 0;
		if (pulled)
			take_out(v);
		else
			v->left--;
	}
	pthread_mutex_unlock(&v->mutex);
	return pulled;
}

/* One message from vpcd. False ends the connection; *ret_failed: and the card. */
static bool serve_one(struct vpcd *v, bool *ret_failed)
{
	uint8_t length[2] = {0};
	struct view header = view_of(length, sizeof(length));
	uint16_t len;

	if (!read_all(v->fd, length, sizeof(length)) || view_u16(&header, &len) != RC_OK ||
	    !read_all(v->fd, v->message, len))
		return false;
	if (len == 1) {
		if (v->message[0] == VPCD_ATR)
			return send_message(v, view_buf(&v->atr));
		buf_reset(&v->atr);
		*ret_failed = card_reset(v->card, &v->atr) != RC_OK;
		return !*ret_failed;
	}
	if (is_pulled(v, false))
		return false;
	buf_reset(&v->answer);
	*ret_failed = card_transmit(v->card, view_of(v->message, len), &v->answer) != RC_OK;
	if (*ret_failed || is_pulled(v, true))
		return false;
	return send_message(v, view_buf(&v->answer));
}

/* With the mutex, but for the time it takes: a vpcd that has much to accept lets connect(2) wait. */
static void try_to_connect(struct vpcd *v)
{
	int fd;

	pthread_mutex_unlock(&v->mutex);
	fd = connect_vpcd(v->port);
	pthread_mutex_lock(&v->mutex);
	if (v->wanted && !v->stopped)
		v->fd = fd;
	else if (fd >= 0)
		close(fd);
}

/* With the mutex: until the card is to be in and vpcd answers. False when all is to end. */
static bool wait_connected(struct vpcd *v)
{
	while (!v->stopped && (!v->wanted || v->fd < 0)) {
		struct timespec until;

		if (v->wanted)
			try_to_connect(v);
		if (v->fd >= 0 || v->stopped)
			break;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += RETRY_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		if (v->wanted)
			pthread_cond_timedwait(&v->changed, &v->mutex, &until);
		else
			pthread_cond_wait(&v->changed, &v->mutex);
	}
	return !v->stopped;
}

static void *serve(void *arg)
{
	struct vpcd *v = arg;
	uint64_t one = 1;
	bool failed = false;

	pthread_mutex_lock(&v->mutex);
	while (!failed && wait_connected(v)) {
		pthread_mutex_unlock(&v->mutex);
		buf_reset(&v->atr);
		failed = card_reset(v->card, &v->atr) != RC_OK;
		while (!failed && serve_one(v, &failed))
			;
		pthread_mutex_lock(&v->mutex);
		close(v->fd);
		v->fd = -1;
	}
	v->failed = failed;
	pthread_mutex_unlock(&v->mutex);
	if (failed) {
		log_error("card %s: its memory in %s failed; it is taken out", v->name, v->dir);
		if (write(v->event, &one, sizeof(one)) < 0)
			log_error("card %s: nobody can be told", v->name);
	}
	return NULL;
}

enum rc vpcd_start(struct vpcd *v, int event)
{
	v->event = event;
	v->has_thread = pthread_create(&v->thread, NULL, serve, v) == 0;
	return v->has_thread ? RC_OK : RC_MEMORY;
}

void vpcd_close(struct vpcd **vpcd)
{
	struct vpcd *v = vpcd ? *vpcd : NULL;

	if (!v)
		return;
	if (v->has_thread) {
		pthread_mutex_lock(&v->mutex);
		v->stopped = true;
		take_out(v);
		pthread_mutex_unlock(&v->mutex);
		pthread_join(v->thread, NULL);
	}
	if (v->fd >= 0)
		close(v->fd);
	card_close(&v->card);
	buf_free(&v->answer);
	pthread_cond_destroy(&v->changed);
	pthread_mutex_destroy(&v->mutex);
	free(v->name);
	free(v->dir);
	free(v);
	*vpcd = NULL;
}

const char *vpcd_name(const struct vpcd *v)
{
	return v->name;
}

enum vpcd_state vpcd_state(struct vpcd *v)
{
	enum vpcd_state state;

	pthread_mutex_lock(&v->mutex);
	state = v->failed    ? VPCD_FAILED
		: !v->wanted ? VPCD_OUT
		: v->fd >= 0 ? VPCD_IN
			     : VPCD_WAITING;
	pthread_mutex_unlock(&v->mutex);
	return state;
}

void vpcd_insert(struct vpcd *v, bool in)
{
	pthread_mutex_lock(&v->mutex);
	v->counts = false;
	v->wanted = in;
	if (!in)
		take_out(v);
	pthread_cond_broadcast(&v->changed);
	pthread_mutex_unlock(&v->mutex);
}

void vpcd_eject_after(struct vpcd *v, unsigned long commands, bool unanswered)
{
	pthread_mutex_lock(&v->mutex);
	v->counts = true;
	v->left = commands;
	v->unanswered = unanswered;
	pthread_mutex_unlock(&v->mutex);
}
