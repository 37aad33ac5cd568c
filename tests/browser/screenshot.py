"""Takes the README's picture from a running app: python tests/browser/screenshot.py http://127.0.0.1:8000 OUT.png"""

import shutil
import sys

from playwright.sync_api import sync_playwright


def main(address: str, out: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 980}, color_scheme="light")
        page.goto(f"{address}/stack")
        page.locator(".status", has_text="Done.").wait_for(state="attached", timeout=30_000)
        page.locator(".still .trace").first.wait_for()
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
