#!/usr/bin/env python3
"""A person with a browser: a real headless Chromium looks at callback pages, presses their buttons, and sees what became
of it.

    approval_page.py PAGE_SERVER [FOLDER]     PAGE_SERVER: build/bin/page_server; pictures go to FOLDER, if given

Speaks WebDriver to chromedriver. Exit code 77 (skipped) if there is no Chromium.
Scripts are switched off in the browser: the page must do without.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "testing"))

from drivers.environment import clean_environment  # noqa: E402
from drivers.loopback import free_port, open_url  # noqa: E402
from drivers.packages import SKIPPED  # noqa: E402
from drivers.processes import stop  # noqa: E402

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window of Chromium."""

    def __init__(self, scripts=False, dark=False, phone=False):
        # Of the ports it chooses by itself, one may be taken on the other family, and it ends.
        port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.PIPE, text=True,
                                       env=clean_environment())
        next(line for line in self.driver.stdout if "successfully on port" in line)
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        arguments.append("--window-size=900,1350")
        if dark:
            arguments += ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]
        options = {"args": arguments}
        if phone:
            options["mobileEmulation"] = {"deviceMetrics": {"width": 390, "height": 1240, "pixelRatio": 2}}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self.session = "/session/" + self.call("POST", "/session", wanted)["sessionId"]

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            return json.load(open_url(request))["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def open(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    def url(self):
        return self.call("GET", self.session + "/url")

    def title(self):
        return self.call("GET", self.session + "/title")

    def find(self, css):
        return self.call("POST", self.session + "/element", {"using": "css selector", "value": css})[ELEMENT]

    def count(self, css):
        return len(self.call("POST", self.session + "/elements", {"using": "css selector", "value": css}))

    def text(self, css="body"):
        return self.call("GET", f"{self.session}/element/{self.find(css)}/text")

    def press(self, css):
        self.call("POST", f"{self.session}/element/{self.find(css)}/click", {})

    def submit(self, css):
        """Presses a button, and waits for the page that comes after."""
        before = self.find("html")
        self.press(css)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if self.find("html") != before:
                    return
            except AssertionError:
                pass  # between two pages there is none
            time.sleep(0.02)
        raise AssertionError("no page came after " + css)

    def type(self, css, text):
        self.call("POST", f"{self.session}/element/{self.find(css)}/clear", {})
        self.call("POST", f"{self.session}/element/{self.find(css)}/value", {"text": text})

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", self.session + "/screenshot")))

    def close(self):
        self.call("DELETE", self.session)
        stop(self.driver)
        self.driver.stdout.close()


def fetch(url, **headers):
    """As a program: the status and the JSON."""
    request = urllib.request.Request(url, headers={"Accept": "application/json", **headers})
    try:
        with open_url(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


class ApprovalPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([PAGE_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      env=clean_environment())
        cls.urls = {}
        for line in cls.server.stdout:
            if line.strip() == "ready":
                break
            name, url = line.split()
            cls.urls[name] = url
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.server.stdin.close()
        cls.server.wait()
        cls.server.stdout.close()

    def picture(self, name, browser=None):
        if PICTURES:
            (browser or self.browser).picture(os.path.join(PICTURES, name + ".png"))

    def state(self, name):
        return fetch(self.urls[name])[1]["task"]["state"]

    def test_a_person_approves_and_sees_it_recorded(self):
        self.browser.open(self.urls["order"])
        self.assertIn("Approve the discount on order A-2026-1187", self.browser.text("h1"))
        self.assertIn("Nordwind GmbH", self.browser.text())
        self.picture("asks")
        self.assertEqual(self.state("order"), "TASK_STATE_WAITING")
        self.browser.submit("button.go")
        self.assertEqual(self.browser.url(), self.urls["order"])
        self.assertIn("Approved", self.browser.text(".pill"))
        self.assertEqual(self.browser.count("form"), 0)
        self.picture("approved")
        self.assertEqual(self.state("order"), "TASK_STATE_SUCCEEDED")
        self.browser.open(self.urls["order"] + "/fail")
        self.assertIn("Approved", self.browser.text(".pill"))

    def test_a_person_declines_with_a_reason(self):
        self.browser.open(self.urls["decline"])
        self.assertEqual(self.browser.count("button.go"), 1)
        self.browser.type("#cause", "Goods were <never> delivered")
        self.browser.submit("button.stop")
        self.assertIn("Declined", self.browser.text(".pill"))
        self.assertIn("Goods were <never> delivered", self.browser.text())
        self.picture("declined")
        outcome = fetch(self.urls["decline"])[1]["task"]["outcome"]
        self.assertEqual((outcome["error"], outcome["cause"]), ("Rejected", "Goods were <never> delivered"))

    def test_a_stale_page_shows_what_was_decided_meanwhile(self):
        self.browser.open(self.urls["second"])
        open_url(urllib.request.Request(self.urls["second"] + "/succeed", method="POST")).close()
        self.browser.submit("button.stop")
        self.assertIn("another outcome is recorded", self.browser.text("[role=alert]"))
        self.assertIn("Approved", self.browser.text(".pill"))
        self.picture("conflict")

    def test_fields_come_from_the_schema_and_their_values_stay(self):
        self.browser.open(self.urls["form"])
        self.browser.type("[name=limit]", "90000")
        self.browser.type("[name=reason]", "Three years without a late payment")
        self.browser.press("[name=insured]")
        self.picture("form")
        self.browser.submit("button.go")
        self.assertIn("Not done", self.browser.text("[role=alert]"))
        self.picture("form_refused")
        self.browser.type("[name=limit]", "45000")
        self.browser.submit("button.go")
        self.assertIn("Approved", self.browser.text(".pill"))
        output = json.loads(fetch(self.urls["form"])[1]["task"]["outcome"]["output"])
        self.assertEqual(output, {"limit": 45000, "tier": "preferred", "insured": True,
                                  "reason": "Three years without a late payment"})

    def test_what_a_task_says_is_text_even_where_scripts_run(self):
        browser = Browser(scripts=True)
        try:
            browser.open(self.urls["hostile"])
            self.assertIn("<script>", browser.text("h1"))
            self.assertEqual(browser.count("script, img, b"), 0)
            self.assertNotEqual(browser.title(), "owned")
        finally:
            browser.close()

    def test_a_page_of_another_site_cannot_press_the_button(self):
        browser = Browser(scripts=True)
        try:
            url = self.urls["beat"] + "/succeed"
            proofless = f"<form method=post action='{url}'><button>x</button></form>"
            browser.open("data:text/html," + urllib.request.quote(proofless))
            browser.submit("button")
            self.assertIn("another site", browser.text("[role=alert]"))
            self.assertEqual(self.state("beat"), "TASK_STATE_WAITING")
        finally:
            browser.close()

    def test_a_worker_says_it_is_alive(self):
        self.browser.open(self.urls["beat"])
        self.browser.submit("form[action$=heartbeat] button")
        self.assertIn("lastHeartbeatAt", fetch(self.urls["beat"])[1]["task"])

    def test_an_unknown_link_says_so(self):
        self.browser.open(self.urls["unknown"])
        self.assertIn("There is nothing here", self.browser.text("h1"))
        self.assertEqual(fetch(self.urls["unknown"])[0], 404)
        self.picture("unknown")

    def test_it_fits_a_phone_in_the_dark(self):
        browser = Browser(scripts=True, dark=True, phone=True)
        try:
            browser.open(self.urls["phone"])
            width = browser.call("POST", browser.session + "/execute/sync",
                                 {"script": "return [document.documentElement.scrollWidth, innerWidth]", "args": []})
            self.assertLessEqual(width[0], width[1])
            self.picture("phone_dark", browser)
            self.assertEqual(browser.call("POST", browser.session + "/execute/sync",
                                          {"script": "return matchMedia('(prefers-color-scheme: dark)').matches", "args": []}),
                             True)
        finally:
            browser.close()


if __name__ == "__main__":
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("no chromium and chromedriver: skipped")
        sys.exit(SKIPPED)
    PAGE_SERVER = sys.argv[1]
    PICTURES = sys.argv[2] if len(sys.argv) > 2 else None
    if PICTURES:
        os.makedirs(PICTURES, exist_ok=True)
    unittest.main(argv=sys.argv[:1])
