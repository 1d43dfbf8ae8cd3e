#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A person in front of Firefox, who opens pages and answers the prompts for a PIN.

usage: marionette.py PORT_FILE WHAT...

PORT_FILE is the MarionetteActivePort of a running Firefox's profile. WHAT is done in order:

    answer=PIN   type it at the next prompt; any other prompt is cancelled
    load=FILE    load a PKCS#11 module, as Settings, Security Devices, Load does
    open=URL     open a page; print "prompt: " and the text of each prompt that came, and "page: "
                 and the text of what is shown in the end
    quit         end Firefox as its menu does

Speaks Marionette, protocol 3: a message is the length of a JSON text in decimal, a colon, and the
text. Firefox has to run with --remote-allow-system-access."""

import itertools
import json
import os
import socket
import sys
import time

PATIENCE = 120  # seconds, on a machine that has much else to do

# Prompts are modal windows, and Firefox answers no WebDriver command while one is open: a script of
# ours in Firefox is told of each, and does what a person does with it.
WATCH = """
    if (window.prompts)
        return;
    window.prompts = [];
    window.answer = null;
    Services.obs.addObserver(dialog => {
        const ui = dialog.Dialog.ui;
        window.prompts.push(ui.infoBody.textContent);
        if (window.answer === null) {
            ui.button1.click();
        } else {
            ui.password1Textbox.value = window.answer;
            window.answer = null;
            ui.button0.click();
        }
    }, "common-dialog-loaded");"""
LOAD = """
    Cc["@mozilla.org/security/pkcs11moduledb;1"].getService(Ci.nsIPKCS11ModuleDB)
        .addModule("Intaglio", arguments[0], 0, 0);"""
PAGE = """
    return document.readyState == "complete" && location.href == arguments[0]
        ? document.documentElement.innerText : null;"""


class Refused(Exception):
    """Firefox answered with an error; its first argument is WebDriver's name of it."""


class Firefox:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.stream = self.socket.makefile("rb")
        self.ids = itertools.count(1)
        self.receive()  # a greeting
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"pageLoadStrategy": "none"}})
        self.within(WATCH)

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            byte = self.stream.read(1)
            if not byte:
                raise SystemExit("Firefox closed the connection")
            length += byte
        return json.loads(self.stream.read(int(length[:-1])))

    def ask(self, name, **parameters):
        number = next(self.ids)
        text = json.dumps([0, number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, answered, error, result = self.receive()
        assert answered == number
        if error:
            raise Refused(error["error"], error["message"])
        return result

    def within(self, script, *arguments):
        """What a script of the browser's own says, not one of the page's."""
        self.ask("Marionette:SetContext", value="chrome")
        value = self.ask("WebDriver:ExecuteScript", script=script, args=arguments, sandbox="system")
        self.ask("Marionette:SetContext", value="content")
        return value["value"]

    def page(self, url):
        """The text of the page, or of what is shown in its place; None while it is not there."""
        try:
            return self.ask("WebDriver:ExecuteScript", script=PAGE, args=[url])["value"]
        except Refused:  # the old page went away meanwhile
            return None

    def open(self, url):
        self.ask("WebDriver:ExecuteScript", script="location = arguments[0]", args=[url])
        page = wait_for(lambda: self.page(url))
        for prompt in self.within("return window.prompts.splice(0);"):
            print("prompt:", prompt)
        print("page:", " ".join(page.split()), flush=True)

    def do(self, what):
        verb, _, value = what.partition("=")
        if verb == "answer":
            self.within("window.answer = arguments[0];", value)
        elif verb == "load":
            self.within(LOAD, value)
        elif verb == "open":
            self.open(value)
        elif verb == "quit":
            self.ask("Marionette:Quit", flags=["eAttemptQuit"])
        else:
            raise SystemExit(f"{what}: no such thing to do")


def wait_for(found):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise SystemExit("nothing came of it in time")


def port_of(file):
    def read():
        if not os.path.exists(file):
            return None
        with open(file, encoding="ascii") as stream:
            return int(stream.read() or 0)
    return wait_for(read)


def main(port_file, *whats):
    firefox = Firefox(port_of(port_file))
    for what in whats:
        firefox.do(what)
    if "quit" not in whats:
        firefox.ask("WebDriver:DeleteSession")


if __name__ == "__main__":
    main(*sys.argv[1:])
