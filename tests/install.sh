#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What `meson install` puts in place works from there: p11-kit finds the module by the configuration
# that was installed, the tool finds the module, the man pages are there, the header compiles. All in
# a mount namespace in which the places written to are empty and go away.

if [ "${1-}" != inside ]; then
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare --mount "$0" inside
	fi
	exec unshare --map-root-user --user --mount "$0" inside
fi
shift

. "$(dirname "$0")/scenario.sh"

configs=$(pkg-config --variable=p11_module_configs p11-kit-1)
mount -t tmpfs none /usr/local && mount -t tmpfs none "$configs" || exit 1
libraries=/usr/local/lib/$(gcc -print-multiarch)

step "the build is installed" meson install -C "$scenario_build" --no-rebuild --quiet
step "the module is where applications look" test -f "$libraries/pkcs11/intaglio-pkcs11.so"
says "p11-kit lists it by the installed configuration" 'library-manufacturer: Intaglio' \
	p11-kit list-modules
says "the tool is there and finds it" 'default' /usr/local/bin/intaglio card list
step "so is the daemon" test -x /usr/local/bin/intaglio-card
for page in "$source_root"/doc/man/*; do
	name=$(basename "$page")
	step "$name is there" test -f "/usr/local/share/man/man${name##*.}/$name"
done
cat >program.c <<'END'
#include <p11-kit/pkcs11.h>
#include <intaglio.h>

CK_INTAGLIO_SEAL_PARAMS parameters = { .ulType = 1 };
END
# shellcheck disable=SC2046 # flags are words
step "a program includes the header" \
	gcc -Wall -Werror -I/usr/local/include $(pkg-config --cflags p11-kit-1) -c program.c
finish
