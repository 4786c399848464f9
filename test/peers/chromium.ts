/**
 * The Chromium on this machine, if there is one, driven by Playwright.
 *
 * By its core alone, which brings no browser and is never asked to fetch one. A driver of our own
 * lost, 165 lines over the DevTools pipe: it found elements by id, where a person finds them by
 * role and name, and clicked what was hidden or covered.
 */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium as driver, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of the browser, or undefined; then a peer test says that it is skipped. */
export function chromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(canRun);
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts it, without a window, and without its sandbox, which does not work for root nor in many a
 * container: it loads pages of ours alone.
 */
export function launch(executablePath: string): Promise<Browser> {
  return driver.launch({ executablePath, chromiumSandbox: false });
}

/** What the browser complains of from now on: errors of scripts, policy, network; no advice. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`${error}`));
  page.on("console", (message) => {
    if (/error|warning/.test(message.type())) complaints.push(message.text());
  });
  return complaints;
}
